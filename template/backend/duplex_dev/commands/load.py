"""`poe load`: how much one server process of this app can do, measured on this machine.

It starts a server of its own with raised limits. Every client sends a request, waits for its
reply and sends the next; the clients run in this process and share the machine with the server.
"""

import argparse
import asyncio
import json
from typing import cast

from pydantic import BaseModel, ValidationError

from duplex_dev.console import TaskError, say
from duplex_dev.load import RAISED, Measured, Plan, measure
from duplex_dev.machine import setup
from duplex_dev.machine.temporary import running
from duplex_dev.project import application

MOST_CLIENTS = 5000
MOST_SECONDS = 300.0


def main(arguments: list[str]) -> int:
    """Measure and print; returns 1 when a client got no reply at all."""
    plan = plan_of(arguments)
    setup.prepare()
    say(
        f"{plan.clients} clients, {plan.session_size} in each session,"
        f" {plan.seconds:g} s of {plan.state!r}"
    )
    with running(RAISED) as server:
        measured = asyncio.run(measure(plan, server))
    print("\n".join(report(plan, measured)), flush=True)
    return 0 if measured.tally.latencies else 1


def plan_of(arguments: list[str]) -> Plan:
    """Read the options; raises TaskError for what cannot be measured."""
    parser = argparse.ArgumentParser(
        "poe load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=50, help=f"1 to {MOST_CLIENTS} (50)")
    parser.add_argument("--seconds", type=float, default=8.0, help=f"1 to {MOST_SECONDS:g} (8)")
    parser.add_argument("--session-size", type=int, default=1, help="clients in one session (1)")
    parser.add_argument("--state", help="the state to send (the first that does not close)")
    parser.add_argument("--data", help="its data as JSON (made from the model's defaults)")
    options = parser.parse_args(arguments)
    if not 1 <= options.clients <= MOST_CLIENTS:
        raise TaskError(f"--clients is {options.clients}; expected 1 to {MOST_CLIENTS}")
    if not 1 <= options.seconds <= MOST_SECONDS:
        raise TaskError(f"--seconds is {options.seconds:g}; expected 1 to {MOST_SECONDS:g}")
    if not 1 <= options.session_size <= options.clients:
        raise TaskError(
            f"--session-size is {options.session_size}; expected 1 to {options.clients}"
        )
    state, data = request_of(options.state, options.data)
    return Plan(options.clients, options.seconds, options.session_size, state, data)


def request_of(name: str | None, text: str | None) -> tuple[str, dict[str, object]]:
    """The state to send and its data, as chosen or as fits best."""
    states = application().registry()
    usable = [one.name for one in states.values() if not (one.closes or one.streams)]
    chosen = name or (usable[0] if usable else None)
    if chosen is None:
        raise TaskError("Every state of this app closes its session or streams: none can be sent.")
    if chosen not in usable:
        raise TaskError(f"--state is {chosen!r}; expected one of: {', '.join(usable) or 'none'}")
    model = states[chosen].request
    if text is None:
        return chosen, sample_of(chosen, model)
    try:
        data: object = json.loads(text)
        if model is not None:
            model.model_validate_json(text)
    except ValueError as error:
        raise TaskError(f"--data does not fit {chosen}: {error}") from None
    if not isinstance(data, dict):
        raise TaskError(f"--data is {text!r}; expected a JSON object")
    return chosen, cast("dict[str, object]", data)


def sample_of(name: str, model: type[BaseModel] | None) -> dict[str, object]:
    """Data of the model's defaults, with something in its `text` if it has one."""
    if model is None:
        return {}
    text: dict[str, object] = {"text": "load " * 20} if "text" in model.model_fields else {}
    for sample in (text, {}):
        try:
            model.model_validate(sample)
        except ValidationError:
            continue
        return sample
    raise TaskError(f"The data of {name} has required fields: give it with --data '{{…}}'.")


def report(plan: Plan, measured: Measured) -> list[str]:
    """The lines that say what was measured."""
    tally = measured.tally
    handled = len(tally.latencies)
    lines = [
        f"messages     {handled / measured.seconds:,.0f} handled a second",
        f"frames       {tally.frames / measured.seconds:,.0f} delivered a second",
    ]
    if handled:
        lines += [
            f"reply time   p50 {1000 * percentile(tally.latencies, 50):.1f} ms,"
            f" p99 {1000 * percentile(tally.latencies, 99):.1f} ms",
            f"server CPU   {1e6 * measured.cpu / handled:,.0f} µs a message,"
            f" {100 * measured.cpu / measured.seconds:.0f}% of one core",
        ]
    lines.append(f"memory       {measured.memory / 1024:.0f} KiB a connection ({plan.clients})")
    if tally.errors:
        errors = ", ".join(f"{count} of {error}" for error, count in tally.errors.most_common(3))
        lines.append(f"errors       {errors}")
    return lines


def percentile(values: list[float], percent: float) -> float:
    """The nearest-rank percentile of values that need not be sorted."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]
