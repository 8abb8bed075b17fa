"""The engine works on any ASGI server: each is started as people start it, and talked to."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from duplex import Registry, state
from duplex.socket import endpoint
from duplex.socket.rates import Reports
from duplex_dev.machine.network import free_port
from duplex_dev.testing.servers import Valkey
from starlette.testclient import TestClient, WebSocketDenialResponse

from tests.engine import served
from tests.engine.states import Gates, Session, Text, states
from tests.engine.support import PATH, PATIENCE, Client, application, make_engine, setup
from tools.source import ROOT

if TYPE_CHECKING:
    import httpx

APP = "tests.engine.served:app"
UVICORN = ["uvicorn", APP, "--port", "{port}", "--ws"]
GUNICORN = ["gunicorn", APP, "-k", "uvicorn_worker.UvicornWorker", "-b", "127.0.0.1:{port}"]
SERVERS = {
    "uvicorn, our protocol": [*UVICORN, "duplex.socket.uvicorn_protocol:PreparedProtocol"],
    "uvicorn, websockets": [*UVICORN, "websockets"],
    "uvicorn, websockets-sansio": [*UVICORN, "websockets-sansio"],
    "uvicorn, wsproto": [*UVICORN, "wsproto"],
    "hypercorn": ["hypercorn", APP, "-b", "127.0.0.1:{port}"],
    "granian": ["granian", "--interface", "asgi", "--port", "{port}", APP],
    "gunicorn": GUNICORN,
    "gunicorn --preload": [*GUNICORN, "--preload"],
}

STARTING = 4 * PATIENCE
"""Seconds that a server has to import everything and listen, on a machine that does much else."""


@asynccontextmanager
async def started(command: list[str], log: Path, **environment: str) -> AsyncGenerator[str]:
    """The server's address, when it takes connections; it has to end when it is asked to."""
    port = free_port()
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *(part.format(port=port) for part in command),
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'template/backend'}",
                **environment,
            },
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        async with asyncio.timeout(STARTING):
            await _listens(port, process, log)
        yield f"ws://127.0.0.1:{port}{PATH}"
        process.terminate()
        async with asyncio.timeout(PATIENCE):
            await process.wait()
    finally:
        if process.returncode is None:
            # Its workers too, which have the group of their server.
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _listens(port: int, process: asyncio.subprocess.Process, log: Path) -> None:
    while True:
        assert process.returncode is None, log.read_text()
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


async def talk(url: str) -> None:
    """Two participants: requests in order, a message to both, a stream, bad input, a leave."""
    # A server that forks listens before its worker runs.
    ada = await Client.connect(url, patience=PATIENCE, open_timeout=PATIENCE)
    bob = await Client.connect(url, patience=PATIENCE)
    async with ada, bob:
        await ada.hello(session="room", name="Ada")
        await bob.hello(session="room", name="Bob")
        for number in range(50):
            await ada.ask("whisper", {"text": str(number)}, id=str(number))
        replies = [await ada.until("whisper") for _ in range(50)]
        assert [reply["id"] for reply in replies] == [str(number) for number in range(50)]
        await ada.ask("say", {"text": "x" * 50_000})
        assert (await bob.until("say"))["data"] == {"text": "x" * 50_000}
        await ada.ask("flood", {"upto": 100})
        pieces = [await ada.until("flood") for _ in range(101)]
        assert "more" not in pieces[-1]
        await bob.send("no JSON")
        assert (await bob.until("error"))["code"] == "bad_frame"
        await ada.send({"state": "leave"})
        assert await ada.closed() == 1000
        assert (await bob.until("left"))["data"]["participant"] == ada.participant


@pytest.mark.parametrize("name", SERVERS)
async def test_a_session_works_on_every_server(name: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with started(SERVERS[name], log) as url:
        await talk(url)
    assert "Traceback" not in log.read_text()


async def test_a_killed_worker_of_a_preloaded_application_leaves_no_ghosts(
    tmp_path: Path, shared_valkey: Valkey
) -> None:
    """Workers are forked from one process: if they shared a name, the others would renew the lease
    of a dead one.
    """
    log = tmp_path / "log"
    command = [*SERVERS["gunicorn --preload"], "--workers", "2"]
    async with (
        started(command, log, BROKER_URL=shared_valkey.url) as url,
        AsyncExitStack() as open_,
    ):
        by_worker: dict[int, Client] = {}
        while len(by_worker) < 2:
            client = await Client.connect(url, patience=PATIENCE, open_timeout=PATIENCE)
            open_.callback(client.lose)
            await client.hello(session="ghosts")
            pid = (await client.reply("worker"))["data"]["pid"]
            if pid in by_worker:
                await client.leave()
            else:
                by_worker[pid] = client
        (doomed, ada), (_, bob) = by_worker.items()
        os.kill(doomed, signal.SIGKILL)
        while (await bob.until("left"))["data"]["participant"] != ada.participant:
            pass
        listed = (await bob.reply("participants"))["data"]
        assert [one["participant"] for one in listed["participants"]] == [bob.participant]


def test_one_application_may_be_started_more_than_once() -> None:
    """Each start has another event loop, as with a TestClient for every test."""
    for _ in range(3):
        with TestClient(served.app) as client, client.websocket_connect(PATH) as ada:
            ada.send_json({"name": "Ada"})
            assert ada.receive_json()["state"] == "initialised"
            ada.send_json({"state": "whisper", "data": {"text": "hello"}})
            assert ada.receive_json()["data"] == {"text": "hello"}


def test_deadlines_hold_after_another_start() -> None:
    """The first start ends while a timer for the deadline is set in its event loop."""

    @state("maybe", deadline=1.0)
    async def maybe(session: Session, data: Text) -> None:
        if data.text == "wait":
            await asyncio.sleep(PATIENCE)

    app = application(make_engine(Registry([maybe]), setup()))
    for text, code in (("go on", None), ("wait", "deadline")):
        with TestClient(app) as client, client.websocket_connect(PATH) as ada:
            ada.send_json({"name": "Ada"})
            assert ada.receive_json()["state"] == "initialised"
            ada.send_json({"state": "maybe", "data": {"text": text}, "id": "1"})
            assert ada.receive_json().get("code") == code


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that is written independently of earlier ones."""
    monkeypatch.setattr(endpoint, "_reports", Reports(logging.getLogger("duplex")))


@pytest.mark.usefixtures("reports")
@pytest.mark.parametrize("ran_before", [False, True])
def test_an_application_that_was_not_started_logs_one_line(
    caplog: pytest.LogCaptureFixture, ran_before: bool
) -> None:
    client = TestClient(application(make_engine(states(Gates()), setup())))
    if ran_before:
        with client:
            pass
    for _ in range(2):
        with pytest.raises(WebSocketDenialResponse) as refused, client.websocket_connect(PATH):
            pass
        answer = cast("httpx.Response", refused.value)
        assert (answer.status_code, answer.json()["code"]) == (503, "not_started")
    (record,) = [one for one in caplog.records if one.name == "duplex"]
    assert "lifespan" in record.getMessage()
    assert record.exc_info is None


@pytest.mark.usefixtures("reports")
def test_a_request_without_the_upgrade_headers_gets_an_explanation(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with TestClient(served.app) as client:
        answer = cast("httpx.Client", client).get(PATH)
    assert answer.status_code == 426
    assert answer.headers["upgrade"] == "websocket"
    assert "proxy" in answer.json()["error"]
    assert ["proxy" in one.getMessage() for one in caplog.records if one.name == "duplex"] == [True]
