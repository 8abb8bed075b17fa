"""Read the lines one after the other: a reply in parts."""

from collections.abc import AsyncIterator

from duplex import Model, state

from app.document import Session


class Spoken(Model):
    line: str


@state("readAloud")
async def read_aloud(session: Session) -> AsyncIterator[Spoken]:
    """Read the notes to everybody."""
    for line in (await session.read()).lines:
        yield Spoken(line=line)
