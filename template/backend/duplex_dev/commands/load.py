"""`poe load`: how much one server process of this app can do, measured on this machine.

It starts a server of its own with raised limits and an empty database. Every client sends a
request, waits for its reply and sends the next; the clients run in this process and share the
machine with the server; they have an account where people sign in. Where `may_join` needs rows of
your tables, measure a server that runs already: --url, with --email and --session. Such a server
keeps its limits, so the clients send more slowly (--rate), and the command names the setting that
refused a client or a request.
"""

import argparse
import asyncio
import json
from contextlib import suppress
from typing import cast

from pydantic import BaseModel, ValidationError

from duplex.contract.samples import valid_samples
from duplex_dev.console import TaskError, say
from duplex_dev.load import RAISED, RATE, Measured, Plan, Target, measure
from duplex_dev.machine.temporary import running
from duplex_dev.project import application
from duplex_dev.sign_in import PASSWORD, check_url, credentials, sign_up

MAX_CLIENTS = 5000
MAX_SECONDS = 300.0
MAX_RATE = 10_000.0


def main(arguments: list[str]) -> int:
    """Measure and print; returns 1 when no client got a reply."""
    options = parser().parse_args(arguments)
    plan = plan_of(options)
    say(
        f"{plan.clients} clients, {plan.session_size} in each session,"
        f" {plan.seconds:g} s of {plan.state!r}"
    )
    if options.url:
        measured = asyncio.run(_measure_at(check_url(options.url), options.email, plan))
    else:
        with running(RAISED) as server:
            measured = asyncio.run(_measure_alone(server.url, server.pid, plan))
    print("\n".join(report(plan, measured)), flush=True)
    return 0 if measured.tally.latencies else 1


async def _measure_alone(url: str, pid: int, plan: Plan) -> Measured:
    return await measure(plan, Target(url, await sign_up(url, "Load"), pid))


async def _measure_at(url: str, email: str | None, plan: Plan) -> Measured:
    token = await credentials(url, email) if email else None
    return await measure(plan, Target(url, token, None))


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    made = argparse.ArgumentParser(
        "poe load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--clients", type=int, default=50, help=f"1 to {MAX_CLIENTS} (50)")
    made.add_argument("--seconds", type=float, default=8.0, help=f"1 to {MAX_SECONDS:g} (8)")
    made.add_argument("--session-size", type=int, default=1, help="clients in one session (1)")
    made.add_argument("--session", help="one session that all clients join")
    made.add_argument("--state", help="the state to send (the first that does not close)")
    made.add_argument("--data", help="its data as JSON (an example made of its types)")
    made.add_argument(
        "--rate",
        type=float,
        help=f"requests per second of each client; 0: as many as possible (0; with --url {RATE:g})",
    )
    made.add_argument("--url", help="a server that runs already; its limits are not raised")
    made.add_argument(
        "--email", help=f"sign in there; the password is asked for, or read from {PASSWORD}"
    )
    return made


def plan_of(options: argparse.Namespace) -> Plan:
    """The plan for these options. Raises TaskError for invalid ones."""
    if not 1 <= options.clients <= MAX_CLIENTS:
        raise TaskError(f"--clients is {options.clients}; expected 1 to {MAX_CLIENTS}")
    if not 1 <= options.seconds <= MAX_SECONDS:
        raise TaskError(f"--seconds is {options.seconds:g}; expected 1 to {MAX_SECONDS:g}")
    if not 1 <= options.session_size <= options.clients:
        raise TaskError(
            f"--session-size is {options.session_size}; expected 1 to {options.clients}"
        )
    if options.email and not options.url:
        raise TaskError("--email needs --url: the command's own server has no accounts yet.")
    rate = options.rate if options.rate is not None else RATE if options.url else 0.0
    if not 0 <= rate <= MAX_RATE:
        raise TaskError(f"--rate is {rate:g}; expected 0 to {MAX_RATE:g}")
    size = options.clients if options.session else options.session_size
    state, data = request_of(options.state, options.data)
    return Plan(options.clients, options.seconds, size, state, data, options.session, rate)


def request_of(name: str | None, text: str | None) -> tuple[str, dict[str, object]]:
    """The state to send and its data, as chosen or as fits best."""
    states = application().registry()
    usable = [state.name for state in states.values() if not (state.closes or state.streams)]
    chosen = name or (usable[0] if usable else None)
    if chosen is None:
        raise TaskError("Every state of this app closes its session or streams: none can be sent.")
    if chosen not in usable:
        raise TaskError(f"--state is {chosen!r}; expected one of: {', '.join(usable) or 'none'}")
    model = states[chosen].request
    if text is None:
        return chosen, example_of(chosen, model)
    try:
        data: object = json.loads(text)
        if model is not None:
            model.model_validate_json(text)
    except ValueError as error:
        raise TaskError(f"--data does not fit {chosen}: {error}") from None
    if not isinstance(data, dict):
        raise TaskError(f"--data is {text!r}; expected a JSON object")
    return chosen, cast("dict[str, object]", data)


def example_of(name: str, model: type[BaseModel] | None) -> dict[str, object]:
    """Valid data of a state: with some `text` if the model has that field, else as little as it
    accepts, else the example of its documentation. Raises TaskError if there is none.
    """
    if model is None:
        return {}
    text: dict[str, object] = {"text": "load " * 20} if "text" in model.model_fields else {}
    for example in (text, {}):
        with suppress(ValidationError):
            model.model_validate_json(json.dumps(example))
            return example
    contract = application().contract(detailed=True)
    if name in contract.states:
        schema = contract.states[name].request
        for example in valid_samples(model, schema, contract.definitions):
            return example
    raise TaskError(
        f"No example can be made of the required fields of {name}."
        " Give the data of the requests with --data '{…}'."
    )


def report(plan: Plan, measured: Measured) -> list[str]:
    """The lines of the result."""
    tally = measured.tally
    handled = len(tally.latencies)
    lines = [
        f"messages     {handled / measured.seconds:,.0f} handled a second",
        f"frames       {tally.frames / measured.seconds:,.0f} delivered a second",
    ]
    if handled:
        lines.append(
            f"reply time   p50 {1000 * percentile(tally.latencies, 50):.1f} ms,"
            f" p99 {1000 * percentile(tally.latencies, 99):.1f} ms"
        )
    used = measured.used
    if used is not None and handled:
        lines.append(
            f"server CPU   {1e6 * used.cpu / handled:,.0f} µs a message,"
            f" {100 * used.cpu / measured.seconds:.0f}% of one core"
        )
    if used is not None:
        lines.append(f"memory       {used.memory / 1024:.0f} KiB a connection ({plan.clients})")
    if tally.errors:
        counts = ", ".join(f"{count} of {error}" for error, count in tally.errors.most_common(3))
        lines.append(f"errors       {counts}")
    if "too_fast" in tally.errors:
        lines.append(
            "             too_fast: the server's SESSION_RATE or the state's `limit` allows less."
            " Raise it there, or give a lower --rate."
        )
    return lines


def percentile(values: list[float], percent: float) -> float:
    """The nearest-rank percentile of values that need not be sorted."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]
