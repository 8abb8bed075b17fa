"""Your own settings, in addition to the engine's: environment variables, then `.env`."""

from pathlib import Path
from typing import ClassVar

import duplex


class Settings(duplex.Settings):
    """Each field is a setting, by its environment name in lower case.

    For example `board_limit: int = Field(default=20, ge=1, description="a number from 1")` is
    BOARD_LIMIT. The message for an invalid value contains the description.
    """

    root: ClassVar[Path] = Path(__file__).resolve().parents[2]
