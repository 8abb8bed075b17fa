"""States that hold fields of their document. As a program, a server process of them (see
`tests.engine.chaos.worker`).
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import suppress

import duplex
from duplex import AlreadyHeld, Held, Model, Registry, state
from pydantic import Field

from tests.engine.chaos import worker
from tests.engine.states import Gates, Number, Said, Text
from tests.engine.support import setup


class Export(Model):
    by: str
    done: int = 0


class Lamp(Model):
    colour: str = "red"


class Board(Model):
    """A document that requests hold parts of."""

    lines: list[str] = Field(default_factory=list[str])
    export: Held[Export] = None
    lamp: Held[Lamp] = Field(default=None, alias="lampNow")


Session = duplex.Session[Board]


def holding(gates: Gates) -> Registry:
    """A new registry, whose handlers wait for `gates`."""

    @state("export")
    async def export(session: Session, data: Text) -> Said:
        await session.hold(Export(by=data.text))
        await gates.wait(data.text)
        if data.text == "fails":
            raise RuntimeError("secret inside")
        async with session.edit() as board:
            board.lines.append(data.text)
        return Said(text=data.text)

    @state("quickExport", deadline=0.05)
    async def quick_export(session: Session) -> None:
        await session.hold(Export(by="quick"))
        await gates.wait("never")

    @state("exporting")
    async def exporting(session: Session, data: Text) -> AsyncIterator[Number]:
        await session.hold(Export(by=data.text))
        yield Number(number=0)
        await gates.wait(data.text)
        await session.hold(Export(by=data.text, done=50))
        yield Number(number=1)
        await gates.wait(f"{data.text} 2")

    @state("light", to="sender")
    async def light(session: Session) -> Board:
        async with session.edit() as board:
            await session.hold(Lamp())
            assert board.lamp == Lamp()
            board.lines.append("light")
            return await session.read()

    @state("both", to="sender")
    async def both(session: Session) -> Board:
        await asyncio.gather(session.hold(Export(by="both")), session.hold(Lamp()))
        return await session.read()

    @state("late", to="sender")
    async def late(session: Session) -> None:
        async def hold() -> None:
            with suppress(RuntimeError):
                await session.hold(Export(by="late"))
            gates.entered["late"].set()

        holding_late.append(asyncio.create_task(hold()))
        await asyncio.sleep(0)

    holding_late: list[asyncio.Task[None]] = []

    @state("look", to="sender")
    async def look(session: Session) -> Board:
        return await session.read()

    @state("keep", to="sender")
    async def keep(session: Session) -> None:
        await session.save("kept")

    @state("note", to="sender")
    async def note(session: Session, data: Text) -> Board:
        async with session.edit() as board:
            board.lines.append(data.text)
        return await session.read()

    @state("cheat", to="sender")
    async def cheat(session: Session) -> None:
        async with session.edit() as board:
            board.export = Export(by="a cheat")

    @state("unknown", to="sender")
    async def unknown(session: Session) -> None:
        await session.hold(Said(text="no field is of this type"))

    @state("patient", to="sender")
    async def patient(session: Session) -> Said:
        try:
            await session.hold(Export(by="patient"))
        except AlreadyHeld:
            return Said(text="later")
        return Said(text="now")

    return Registry(
        [
            *(export, quick_export, exporting, light, both, late, look),
            *(keep, note, cheat, unknown, patient),
        ]
    )


if __name__ == "__main__":
    worker.main(setup(**json.loads(sys.argv[1])), holding(Gates()), Board)
