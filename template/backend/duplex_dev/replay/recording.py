"""A recorded conversation: the file that the inspector exports."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from duplex_dev.console import TaskError

MAX_BYTES = 32 << 20
"""A larger file is not read. The inspector's own are far smaller."""

HIDDEN = "•••"
"""What the inspector writes instead of a secret; as a recorded value it matches anything."""

Frame = dict[str, Any]


class Recorded(BaseModel):
    """One frame that went over the wire, `at` milliseconds after the first one of the file."""

    model_config = ConfigDict(extra="ignore")

    direction: Literal["sent", "received"]
    at: float = 0
    frame: Frame
    cut: bool = False
    """Its data was too big for the inspector to keep."""

    @property
    def is_hello(self) -> bool:
        """Whether it is the first frame of a connection: the only one without a state."""
        return self.direction == "sent" and "state" not in self.frame


class Recording(BaseModel):
    """What one participant sent and received, in order."""

    model_config = ConfigDict(extra="ignore")

    format: Literal["session-conversation"]
    version: Literal[1]
    omitted: int = 0
    """Frames before the first of the file that the inspector no longer had."""
    ignore: list[str] = Field(default_factory=list[str])
    """Values not to compare: `STATE.data.field`, with `*` for anything."""
    frames: list[Recorded]


def read(path: Path) -> Recording:
    """Read a file; raises TaskError unless it is a recording."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TaskError(f"{path} is larger than {MAX_BYTES >> 20} MiB.")
        return Recording.model_validate_json(path.read_bytes())
    except OSError as error:
        raise TaskError(f"{path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise TaskError(
            f"{path} is not a conversation that the inspector exported: {where}: {first['msg']}."
        ) from None
