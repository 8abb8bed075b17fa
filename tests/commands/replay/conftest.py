"""A server, and conversations that were recorded at another one."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.commands.replay.conversation import KINDS, Recorder
from tests.engine.states import Gates, states
from tests.engine.support import make_engine, serving


@pytest.fixture(scope="module")
async def url() -> AsyncIterator[str]:
    """A real server with the session tests' states."""
    async with serving(make_engine(states(Gates()))) as server:
        yield server.url.replace("ws://", "http://").removesuffix("/api/v1/socket")


@pytest.fixture(scope="module")
async def recorded() -> dict[str, Any]:
    """A conversation with another server: replies, streams, errors, a cancel, a save."""
    async with serving(make_engine(states(Gates()))) as server:
        recorder = Recorder(await server.socket())
        await recorder.send({"name": "Ada"})
        await recorder.until(lambda frame: frame["state"] == "initialised")
        await recorder.ask("note", {"text": "hello"}, "1")
        await recorder.ask("count", {"upto": 2}, "2")
        await recorder.ask("kinds", KINDS, "3")
        await recorder.ask("bag", {"text": "abc"}, "b")
        await recorder.ask("count", {"upto": "many"}, "4")
        await recorder.ask("spoil", {"text": ""}, "5")
        await recorder.ask("announce", {"text": "news"}, "6")
        await recorder.send({"state": "say", "data": {"text": "without an id"}})
        await recorder.until(lambda frame: frame["state"] == "say")
        await recorder.send({"state": "tick", "data": {"text": "t"}, "id": "7"})
        await recorder.until(lambda frame: frame.get("id") == "7")
        await recorder.send({"state": "cancel", "data": {"id": "7"}})
        await recorder.until(lambda frame: frame.get("id") == "7" and not frame.get("more"))
        # To everybody: the others get its end, and so does who asked.
        await recorder.send({"state": "feed", "data": {"text": "f"}, "id": "f"})
        await recorder.until(lambda frame: frame.get("id") == "f")
        await recorder.send({"state": "cancel", "data": {"id": "f"}})
        await recorder.until(lambda frame: frame.get("id") == "f" and not frame.get("more"))
        await recorder.ask("notes", None, "8")
        await recorder.ask("save", {"title": "The end"}, "9")
        return recorder.file()
