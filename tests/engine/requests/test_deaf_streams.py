"""A stream that ignores every cancellation, at the end of the process."""

import asyncio
import gc
import logging
from collections.abc import AsyncGenerator

import duplex
import pytest
from duplex import Model, Registry, state, tasks
from duplex.requests import running
from duplex.rooms import engine

from tests.engine.support import Notes, make_engine, serving, setup


class Number(Model):
    number: int = 0


@state("deaf", to="sender")
async def deaf(session: duplex.Session[Notes]) -> AsyncGenerator[Number]:
    yield Number()
    while True:
        try:
            await asyncio.sleep(600)
        except BaseException:
            continue


async def serve_one_and_stop(log: logging.Handler) -> None:
    async with serving(make_engine(Registry([deaf]), setup(write_timeout=0.2))) as server:
        # The server has set up the loggers.
        for name in ("duplex", "asyncio"):
            logging.getLogger(name).addHandler(log)
        client = await server.client()
        await client.ask("deaf", id="d")
        await client.until("deaf")
        await client.close()


def test_the_log_has_one_line_about_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tasks, "STOP_TIME", 0.2)
    monkeypatch.setattr(engine, "DRAIN_PATIENCE", 0.1)
    monkeypatch.setattr(running, "CLEANUP_TIME", 600.0)
    unraisable: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", unraisable.append)
    # Its loop closes what is left of generators when it ends, as the process's own does.
    asyncio.run(serve_one_and_stop(caplog.handler))
    gc.collect()
    (record,) = caplog.records
    assert record.getMessage().endswith(" ignores its cancellation and is closed")
    assert record.exc_info is None
    assert unraisable == []
