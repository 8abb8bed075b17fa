"""The stored document is never replaced by an older one."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator

import duplex
import pytest
from duplex import Identity, Registry, SavedRef, state

from tests.engine.states import Said, Text
from tests.engine.support import Notes, Server, Store, make_engine, serving, setup

Session = duplex.Session[Notes]

CHANCE = 0.2
"""Seconds in which a save that does not wait for another one is done."""


class SlowStore(Store):
    """Its first save takes until `go`."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def save(self, session: str, title: str, identity: Identity, document: str) -> SavedRef:
        if not self.begun.is_set():
            self.begun.set()
            await self.go.wait()
        return await super().save(session, title, identity, document)


def saving() -> Registry:
    """A stream that saves after its last piece, a request that saves what it edits, and one that
    saves without an edit.
    """

    @state("tell")
    async def tell(session: Session) -> AsyncIterator[Said]:
        async with session.edit() as notes:
            notes.lines.append("told")
        yield Said(text="told")
        await session.save()

    @state("add", to="sender")
    async def add(session: Session, data: Text) -> None:
        async with session.edit() as notes:
            notes.lines.append(data.text)
        await session.save()

    @state("keep", to="sender")
    async def keep(session: Session) -> None:
        await session.save()

    return Registry([tell, add, keep])


@pytest.fixture
async def slow() -> SlowStore:
    return SlowStore()


@pytest.fixture(params=["memory", "valkey"])
async def server(request: pytest.FixtureRequest, slow: SlowStore) -> AsyncGenerator[Server]:
    given = setup()
    if request.param == "valkey":
        given.broker_url = request.getfixturevalue("shared_valkey").url
    async with serving(make_engine(saving(), given, store=slow)) as made:
        yield made


@pytest.mark.parametrize(("how", "lines"), [("tell", ["told", "new"]), ("keep", ["new"])])
async def test_an_edit_waits_for_a_save_that_has_begun(
    server: Server, slow: SlowStore, how: str, lines: list[str]
) -> None:
    async with (
        await server.client(session=f"saving-{how}") as ada,
        await server.client(session=f"saving-{how}") as bob,
    ):
        await ada.send({"state": how, "id": "1"})
        await slow.begun.wait()
        adding = asyncio.create_task(bob.reply("add", {"text": "new"}))
        await asyncio.wait([adding], timeout=CHANCE)
        slow.go.set()
        assert (await adding)["data"] is None
        # The reply of the stream's end, or of the request.
        while (await ada.until(how)).get("more"):
            pass
        assert json.loads(slow.saved[f"saving-{how}"])["lines"] == lines
