"""The states of the chaos conversations, and what the checker has to know about them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import duplex
from duplex import Model, Registry, state

from tests.engine.support import Notes

Session = duplex.Session[Notes]

ROOM: Final = frozenset({"say", "note"})
"""States whose reply is one message to everybody."""

STREAMS: Final = frozenset({"count"})
"""States whose reply is many messages to everybody."""

WRITES: Final = frozenset({"note", "jot"})
"""States that add their text, which nobody else uses, to the lines of the document."""


class Text(Model):
    """`hold`: seconds that handling it takes, so that something can happen meanwhile."""

    text: str
    hold: float = 0.0


class Said(Model):
    text: str


class Jotted(Model):
    text: str
    place: int


class Count(Model):
    text: str
    upto: int
    hold: float = 0.0


class Piece(Model):
    text: str
    number: int


def states() -> Registry:
    """A new registry."""

    @state("say")
    async def say(session: Session, data: Text) -> Said:
        await asyncio.sleep(data.hold)
        return Said(text=data.text)

    @state("note")
    async def note(session: Session, data: Text) -> Said:
        async with session.edit() as document:
            await asyncio.sleep(data.hold)
            document.lines.append(data.text)
        return Said(text=data.text)

    @state("jot", to="sender")
    async def jot(session: Session, data: Text) -> Jotted:
        async with session.edit() as document:
            lines = document.lines
            await asyncio.sleep(data.hold)
            lines.append(data.text)
        return Jotted(text=data.text, place=len(lines) - 1)

    @state("count")
    async def count(session: Session, data: Count) -> AsyncIterator[Piece]:
        for number in range(data.upto):
            yield Piece(text=data.text, number=number)
            await asyncio.sleep(data.hold)

    return Registry([say, note, jot, count])
