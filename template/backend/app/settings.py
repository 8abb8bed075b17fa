"""Your own settings beside the engine's: environment variables, then lines of `.env`."""

from pathlib import Path
from typing import ClassVar

import duplex


class Settings(duplex.Settings):
    """Each field is a setting, by its environment name in lower case."""

    root: ClassVar[Path] = Path(__file__).resolve().parents[2]
