"""States for tests. `gates` delays handlers until a test lets them continue."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import cast
from uuid import UUID

import duplex
from duplex import Model, Refused, Registry, admins, event, state

from tests.engine.support import Notes

Session = duplex.Session[Notes]


class Gates:
    """Named events that handlers wait for, and a record of their actions."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.reset()

    def reset(self) -> None:
        self.open: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.entered: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.runs.clear()

    async def wait(self, name: str) -> None:
        self.entered[name].set()
        await self.open[name].wait()


class Text(Model):
    text: str = ""


class Said(Model):
    text: str


class Count(Model):
    upto: int


class Number(Model):
    number: int


class Colour(Enum):
    RED = "red"


class Kinds(Model):
    uuid: UUID
    at: datetime
    price: Decimal
    colour: Colour
    raw: bytes
    zero: int
    no: bool


class Bag(Model):
    letters: set[str]


class Title(Model):
    title: str = ""


class Saved(Model):
    id: str
    title: str


class Present(Model):
    users: list[str | None]


class Fallen(Model):
    """The result of a roll."""

    points: int


dice_rolled = event("diceRolled", Fallen)
light_changed = event("lightChanged", Fallen, retain="latest")


def states(gates: Gates) -> Registry:
    """A new registry whose handlers report to `gates`."""

    @state("say")
    async def say(session: Session, data: Text) -> Said:
        """Say something to everybody."""
        gates.runs.append(data.text)
        return Said(text=data.text)

    @state("whisper", to="sender")
    async def whisper(session: Session, data: Text) -> Said:
        gates.runs.append(data.text)
        return Said(text=data.text)

    @state("note")
    async def note(session: Session, data: Text) -> Said:
        async with session.edit() as document:
            document.lines.append(data.text)
        return Said(text=data.text)

    @state("notes", to="sender")
    async def notes(session: Session) -> Notes:
        return await session.read()

    @state("hold")
    async def hold(session: Session, data: Text) -> Said:
        gates.runs.append(f"hold {data.text}")
        await gates.wait(data.text)
        return Said(text=data.text)

    @state("holdPrivately", to="sender")
    async def hold_privately(session: Session, data: Text) -> Said:
        gates.runs.append(f"hold {data.text}")
        await gates.wait(data.text)
        return Said(text=data.text)

    @state("holdNote")
    async def hold_note(session: Session, data: Text) -> Said:
        async with session.edit() as document:
            await gates.wait(data.text)
            document.lines.append(data.text)
        return Said(text=data.text)

    @state("spoil")
    async def spoil(session: Session, data: Text) -> Said:
        async with session.edit() as document:
            document.lines.append("spoiled")
        session.send(say, Said(text="never seen"))
        if data.text == "refuse":
            raise Refused("Not now.", details={"why": "busy"})
        raise RuntimeError("secret inside")

    @state("announce", to="sender")
    async def announce(session: Session, data: Text) -> Said:
        session.send("say", Said(text=data.text))
        return Said(text="done")

    @state("rollDice", to="sender")
    async def roll_dice(session: Session, data: Count) -> None:
        for points in range(data.upto):
            session.send(dice_rolled, Fallen(points=points))
            session.send("lightChanged", Fallen(points=points))

    @state("deal")
    async def deal(session: Session, data: Text) -> Said:
        """Say something to everybody, and show the sender alone a card."""
        session.send(dice_rolled, Fallen(points=6), to="sender")
        session.send(light_changed, Fallen(points=len(data.text)), to="sender")
        return Said(text=data.text)

    @state("rollWrong", to="sender")
    async def roll_wrong(session: Session) -> None:
        session.send(dice_rolled, Said(text="not what was declared"))

    @state("whoIsHere", to="sender")
    async def who_is_here(session: Session) -> Present:
        return Present(users=[each.user for each in await session.participants()])

    @state("count")
    async def count(session: Session, data: Count) -> AsyncIterator[Number]:
        for number in range(data.upto):
            yield Number(number=number)

    @state("tick", to="sender")
    async def tick(session: Session, data: Text) -> AsyncIterator[Number]:
        try:
            number = 0
            while True:
                yield Number(number=number)
                await gates.wait(f"{data.text}{number}")
                number += 1
        finally:
            gates.entered["tick over"].set()

    @state("feed")
    async def feed(session: Session, data: Text) -> AsyncIterator[Number]:
        if data.text == "":
            raise RuntimeError("nothing to say")
        gates.runs.append(data.text)
        yield Number(number=0)
        await gates.wait(data.text)
        if data.text == "fails":
            raise RuntimeError("secret inside")

    @state("flood", to="sender")
    async def flood(session: Session, data: Count) -> AsyncIterator[Said]:
        for _ in range(data.upto):
            yield Said(text="x" * 4096)

    @state("kinds", to="sender")
    async def kinds(session: Session, data: Kinds) -> Kinds:
        return data

    @state("bag", to="sender")
    async def bag(session: Session, data: Text) -> Bag:
        return Bag(letters=set(data.text))

    @state("nothing", to="sender")
    async def nothing(session: Session) -> None:
        return None

    @state("lies", to="sender")
    async def lies(session: Session) -> Said:
        return cast("Said", Text(text="not what was declared"))

    @state("slow", deadline=0.05, to="sender")
    async def slow(session: Session) -> None:
        await gates.wait("never")

    @state("rare", limit="1/h", to="sender")
    async def rare(session: Session) -> None:
        return None

    @state("rule", allow=admins, to="sender")
    async def rule(session: Session) -> None:
        return None

    @state("cursor", retain="none")
    async def cursor(session: Session, data: Text) -> Said:
        return Said(text=data.text)

    @state("glance", retain="none", to="sender")
    async def glance(session: Session, data: Text) -> Said:
        return Said(text=data.text)

    @state("place", retain="latest")
    async def place(session: Session, data: Text) -> Said:
        return Said(text=data.text)

    @state("save", closes=True)
    async def save(session: Session, data: Title) -> Saved:
        if data.title == "bad":
            raise Refused("This title is taken.")
        ref = await session.save(data.title)
        return Saved(id=ref.id, title=ref.title)

    found = [
        say, whisper, note, notes, hold, hold_privately, hold_note, spoil, announce, count, tick,
        feed, flood, kinds, bag, nothing, lies, slow, rare, rule, cursor, glance, place,
        save, who_is_here, roll_dice, roll_wrong, deal, dice_rolled, light_changed,
    ]  # fmt: skip
    return Registry(found)
