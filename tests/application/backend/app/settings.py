"""The settings of the engine, and one of the application's own."""

from pathlib import Path
from typing import ClassVar

import duplex
from pydantic import Field


class Settings(duplex.Settings):
    root: ClassVar[Path] = Path(__file__).resolve().parents[2]

    shelf_size: int = Field(default=10, ge=1, description="a number of notebooks from 1")
