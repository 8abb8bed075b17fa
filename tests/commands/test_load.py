"""`poe load` measures what was asked for, and refuses what it could not measure."""

import json

import pytest
from duplex import Model, discover
from duplex_dev.commands.load import percentile, plan_of, report, sample_of
from duplex_dev.console import TaskError
from duplex_dev.load import RAISED, Measured, Plan, Tally, connect_all, drive
from duplex_dev.machine.temporary import running
from duplex_dev.sign_in import sign_up
from pydantic import Field


class Text(Model):
    text: str


class Short(Model):
    text: str = Field(default="", max_length=3)


class Required(Model):
    count: int


def test_a_sample_has_text_where_it_fits() -> None:
    assert sample_of("a", Text).keys() == {"text"}
    assert sample_of("a", Short) == {}
    assert sample_of("a", None) == {}


def test_required_data_must_be_given() -> None:
    with pytest.raises(TaskError, match="--data"):
        sample_of("a", Required)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--clients", "0"],
        ["--clients", "100000"],
        ["--seconds", "0"],
        ["--seconds", "nan"],
        ["--session-size", "51"],
        ["--state", "nonsense"],
        ["--data", "[1]"],
        ["--data", "{"],
    ],
)
def test_what_cannot_be_measured_is_refused(arguments: list[str]) -> None:
    with pytest.raises(TaskError, match=arguments[0]):
        plan_of(arguments)


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert (percentile(values, 50), percentile(values, 99), percentile(values, 100)) == (
        50,
        99,
        100,
    )
    assert percentile([7.0], 99) == 7.0


def test_the_report_says_what_was_measured() -> None:
    plan = Plan(clients=2, seconds=1, session_size=1, state="a", data={})
    tally = Tally(latencies=[0.001] * 10, frames=20)
    tally.errors["too_fast"] = 3
    lines = report(plan, Measured(tally=tally, seconds=2.0, memory=2048, cpu=0.001))
    assert [line.split()[1] for line in lines] == ["5", "10", "time", "CPU", "2", "3"]
    assert "100 µs a message" in lines[3]


def test_a_measurement_without_a_reply_still_reports() -> None:
    plan = Plan(clients=1, seconds=1, session_size=1, state="a", data={})
    lines = report(plan, Measured(tally=Tally(), seconds=1.0, memory=0, cpu=0))
    assert lines[0] == "messages     0 handled a second"


async def test_clients_of_one_session_all_get_every_message() -> None:
    name, data = next(
        (one.name, sample_of(one.name, one.request))
        for one in discover().values()
        if one.to == "everybody" and not one.closes and not one.streams
    )
    with running(RAISED) as server:
        token = await sign_up(server.url, "Load")
        first, second = await connect_all(server.url, token, clients=2, session_size=2)
        tally = await drive([first, second], name, data, seconds=0.2)
        assert len(tally.latencies) >= 2
        assert tally.frames > len(tally.latencies)
        assert not tally.errors, json.dumps(tally.errors)
        await first.close()
        await second.close()
