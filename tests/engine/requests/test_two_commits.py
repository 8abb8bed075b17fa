"""A request that changes the database and the document: what happens when one of them fails."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from duplex import Database
from duplex.brokers import from_url
from duplex.brokers.base import BrokerUnavailable, Commit
from duplex.web.application import retention_of
from duplex_dev.testing.servers import Valkey
from sqlalchemy import select

from tests.engine.chaos.workers import Workers
from tests.engine.support import (
    PATIENCE,
    Client,
    Server,
    Setup,
    make_engine,
    serving,
    setup,
)
from tests.engine.voting import Tables, Vote, voting


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    made = Database(f"sqlite+aiosqlite:///{tmp_path}/votes.db")
    async with made.engine.begin() as connection:
        await connection.run_sync(Tables.metadata.create_all)
    yield made
    await made.engine.dispose()


@pytest.fixture(params=["memory", "valkey"])
async def server(request: pytest.FixtureRequest, database: Database) -> AsyncGenerator[Server]:
    settings = setup()
    if request.param == "valkey":
        settings.broker_url = request.getfixturevalue("shared_valkey").url
    engine = make_engine(voting(), settings, transaction=database.transaction)
    async with serving(engine) as made:
        yield made


async def votes(database: Database) -> list[str]:
    async with database.reading() as tx:
        return list(await tx.scalars(select(Vote.choice).order_by(Vote.id)))


async def lines(client: Client) -> list[str]:
    return (await client.reply("look"))["data"]["lines"]


async def test_both_are_committed(server: Server, database: Database) -> None:
    async with await server.client() as ada:
        await ada.reply("castVote", {"choice": "tea"}, id="1")
        await ada.reply("castVote", {"choice": "tea"}, id="1")
        await ada.reply("castVote", {"choice": "milk"})
        await ada.reply("castVote", {"choice": "milk"})
        assert await lines(ada) == await votes(database) == ["tea", "milk", "milk"]


@pytest.mark.parametrize(("fails", "code"), [("in it", "refused"), ("after it", "internal")])
async def test_a_handler_that_fails_changes_no_document(
    server: Server, database: Database, fails: str, code: str
) -> None:
    async with await server.client() as ada:
        for _ in range(2):
            error = await ada.reply("castVote", {"choice": "tea", "fails": fails}, id="1")
            assert error["code"] == code
        assert await lines(ada) == []
        # As documented: only a transaction that had ended keeps its changes.
        assert await votes(database) == (["tea"] if fails == "after it" else [])


async def test_a_second_try_after_the_store_failed_changes_both_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: Setup = setup()
    broker = from_url("memory://", retention_of(given.options))
    commit, failures = broker.commit, ["once"]

    async def failing(step: Commit) -> int:
        if step.document is not None and failures:
            raise BrokerUnavailable(failures.pop())
        return await commit(step)

    monkeypatch.setattr(broker, "commit", failing)
    engine = make_engine(voting(), given, broker=broker, transaction=database.transaction)
    async with serving(engine) as server, await server.client() as ada:
        error = await ada.reply("castVote", {"choice": "tea"}, id="1")
        assert error["code"] == "broker_unavailable"
        assert (await votes(database), await lines(ada)) == (["tea"], [])
        assert "code" not in await ada.reply("castVote", {"choice": "tea"}, id="1")
        assert (await votes(database), await lines(ada)) == (["tea"], ["tea"])


async def test_a_second_try_after_the_worker_was_killed_between_them_changes_both_once(
    database: Database, tmp_path: Path, shared_valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOTES", str(tmp_path / "votes.db"))
    workers = Workers(tmp_path, "tests.engine.voting", broker_url=shared_valkey.url)
    try:
        await workers.fill(2)
        doomed, other = workers.all
        ada = await Client.connect(doomed.url, patience=PATIENCE)
        await ada.hello(session="votes")
        request = {"choice": "tea", "fails": "killed"}
        await ada.ask("castVote", request, id="1")
        await ada.closed()
        assert await votes(database) == ["tea"]
        again = await Client.connect(other.url, patience=PATIENCE)
        await again.hello(**ada.resume())
        assert (await again.reply("castVote", request, id="1"))["data"] is None
        assert await lines(again) == await votes(database) == ["tea"]
        await again.close()
    finally:
        await workers.stop()
