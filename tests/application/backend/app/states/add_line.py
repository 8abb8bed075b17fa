"""Add a line: required fields, bounds, a fraction and a pattern, as ordinary models have."""

from duplex import Model, state
from pydantic import Field

from app.document import Session


class AddLine(Model):
    text: str = Field(min_length=1, max_length=80)
    weight: float = Field(ge=0.5, le=9.5)
    shelf: str = Field(pattern=r"^[A-Z]-\d$", examples=["B-7"])


class LineAdded(Model):
    lines: int
    weight: float


@state("addLine")
async def add_line(session: Session, data: AddLine) -> LineAdded:
    """Add a line to the notes."""
    async with session.edit() as notes:
        notes.lines.append(data.text)
        notes.weight += data.weight
        return LineAdded(lines=len(notes.lines), weight=notes.weight)
