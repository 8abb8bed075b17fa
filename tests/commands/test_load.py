"""`poe load` measures what was asked for, and refuses what it cannot measure."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from duplex import Model
from duplex.options import Options, Rate
from duplex_dev.commands import load
from duplex_dev.commands.load import example_of, percentile, plan_of, report
from duplex_dev.console import TaskError
from duplex_dev.load import RAISED, RATE, Measured, Plan, Tally, Target, Used, connect_all, drive
from duplex_dev.machine.temporary import Server as OwnServer
from duplex_dev.machine.temporary import running
from pydantic import Field

from tests.engine.states import Gates, states
from tests.engine.support import Server, Setup, make_engine, serving


class Text(Model):
    text: str


class Short(Model):
    text: str = Field(default="", max_length=3)


class Required(Model):
    count: int


def test_an_example_has_text_where_it_fits() -> None:
    assert example_of("a", Text).keys() == {"text"}
    assert example_of("a", Short) == {}
    assert example_of("a", None) == {}


def test_an_example_of_a_state_has_its_required_fields() -> None:
    name, data = load.request_of("addLine", None)
    assert (name, data.keys()) == ("addLine", {"text", "weight", "shelf"})


def test_data_without_a_possible_example_must_be_given() -> None:
    with pytest.raises(TaskError, match="--data"):
        example_of("a", Required)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--clients", "0"],
        ["--clients", "100000"],
        ["--seconds", "0"],
        ["--seconds", "nan"],
        ["--session-size", "51"],
        ["--email", "ada@example.com"],
        ["--rate", "-1"],
        ["--rate", "nan"],
        ["--state", "nonsense"],
        ["--data", "[1]"],
        ["--data", "{"],
    ],
)
def test_invalid_plans_are_refused(arguments: list[str]) -> None:
    with pytest.raises(TaskError, match=arguments[0]):
        plan_of(load.parser().parse_args(arguments))


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    found = [percentile(values, percent) for percent in (50, 99, 100)]
    assert found == [50, 99, 100]
    assert percentile([7.0], 99) == 7.0


SAY = Plan(2, 1.0, 1, "say", {"text": "x"})
PLAN = Plan(clients=2, seconds=1, session_size=1, state="a", data={})


def test_the_report_has_every_measurement() -> None:
    tally = Tally(latencies=[0.001] * 10, frames=20)
    tally.errors["deadline"] = 3
    lines = report(PLAN, Measured(tally, seconds=2.0, used=Used(memory=2048, cpu=0.001)))
    assert [line.split()[1] for line in lines] == ["5", "10", "time", "CPU", "2", "3"]
    assert "100 µs a message" in lines[3]


def test_the_report_explains_refused_requests() -> None:
    tally = Tally(latencies=[0.001], frames=2)
    tally.errors["too_fast"] = 1
    text = "\n".join(report(PLAN, Measured(tally, seconds=1.0, used=None)))
    assert "SESSION_RATE" in text
    assert "--rate" in text


def test_only_a_server_with_limits_is_asked_slowly() -> None:
    def rate(*arguments: str) -> float:
        return plan_of(load.parser().parse_args(arguments)).rate

    assert rate() == 0
    assert rate("--url", "http://127.0.0.1:8000") == RATE
    assert rate("--url", "http://127.0.0.1:8000", "--rate", "0") == 0
    assert rate("--rate", "5") == 5


def test_a_measurement_without_a_reply_still_reports() -> None:
    lines = report(PLAN, Measured(Tally(), seconds=1.0, used=None))
    assert lines == ["messages     0 handled a second", "frames       0 delivered a second"]


@pytest.fixture(scope="module")
def own_server() -> Iterator[OwnServer]:
    """The application's server, as the command starts it."""
    with running(RAISED) as server:
        yield server


async def test_the_applications_own_server_can_be_measured(own_server: OwnServer) -> None:
    name, data = load.request_of(None, None)
    target = Target(own_server.url, None, own_server.process.pid)
    measured = await load.measure(Plan(2, 0.2, 2, name, data), target)
    assert measured.tally.latencies
    assert not measured.tally.errors, json.dumps(measured.tally.errors)
    assert measured.used is not None
    assert measured.used.cpu > 0


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with serving(make_engine(states(Gates()))) as server:
        yield http(server)


async def test_clients_of_one_session_all_get_every_message(url: str) -> None:
    first, second = await connect_all(Target(url, None, None), 2, 2)
    tally = await drive([first, second], SAY, seconds=0.2)
    assert len(tally.latencies) >= 2
    assert tally.frames > len(tally.latencies)
    assert not tally.errors, json.dumps(tally.errors)
    await first.close()
    await second.close()


def http(server: Server) -> str:
    return server.url.replace("ws://", "http://").removesuffix("/api/v1/socket")


async def test_one_account_can_measure_a_server_with_the_default_limits() -> None:
    async with serving(make_engine(states(Gates()), Setup("memory://", Options()))) as server:
        clients = await connect_all(Target(http(server), "ada", None), 20, 1)
        tally = await drive(clients, replace(SAY, rate=RATE), seconds=2.0)
        assert not tally.errors, json.dumps(tally.errors)
        assert 20 <= len(tally.latencies) <= 20 * (2.0 * RATE + 1)
        for client in clients:
            await client.close()


@pytest.mark.parametrize(
    ("options", "token", "setting"),
    [
        (Options(max_per_user=2), "ada", "SESSION_MAX_PER_USER"),
        (Options(room_rate=Rate(2, 60.0)), "ada", "SESSION_ROOM_RATE"),
        (Options(join_rate=Rate(2, 60.0)), "ada", "SESSION_JOIN_RATE"),
        (Options(join_rate=Rate(2, 60.0)), None, "SESSION_JOIN_RATE"),
        (Options(max_per_address=2), None, "SESSION_MAX_PER_ADDRESS"),
    ],
)
async def test_the_setting_that_refuses_a_client_is_named(
    options: Options, token: str | None, setting: str
) -> None:
    engine = make_engine(states(Gates()), Setup("memory://", options))
    async with serving(engine) as server:
        with pytest.raises(TaskError, match=setting) as raised:
            await connect_all(Target(http(server), token, None), 3, 1)
        # The server's own sentence comes first.
        assert "too " in str(raised.value).split(setting)[0]


@pytest.mark.parametrize(
    "body", [b"<h1>No server</h1>", b'{"error": "Not started.", "code": "not_started"}']
)
async def test_no_setting_is_named_if_no_limit_refused_the_client(body: bytes) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: %d\r\n\r\n" % len(body)
        writer.write(head + body)
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as proxy:
        url = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        with pytest.raises(TaskError, match="status 503") as raised:
            await connect_all(Target(url, None, None), 1, 1)
        assert "SESSION_" not in str(raised.value)


async def test_all_clients_join_the_session_that_is_given(url: str) -> None:
    clients = await connect_all(Target(url, None, None), 3, 1, "board-1")
    assert {client.session for client in clients} == {"board-1"}
    for client in clients:
        await client.close()
