"""Participants who send random requests in one session during faults, and the check afterwards.

They send valid requests of the application's states, generated from its contract.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from duplex import Application
from duplex.contract.samples import valid_samples
from duplex.requests.states import AnyState
from duplex_dev.testing import Admit, NewSessionId, Person, SignIn
from duplex_dev.testing.promises.checker import Checker
from duplex_dev.testing.promises.participant import PATIENCE, ChaosParticipant
from duplex_dev.testing.promises.record import Frame


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests of participants. `samples`: state -> the data of valid requests."""

    samples: Mapping[str, list[Any]]
    streams: frozenset[str]
    """States that stream."""
    dropped: frozenset[str]
    """States whose messages need not all be received: not all are retained for a resume, or they
    are replies of streams to their sender only.
    """
    left_out: Mapping[str, str]
    """States that are not sent, with the reason."""

    @classmethod
    def of(cls, application: Application) -> "Requests":
        """The requests of all states but those that end the session."""
        registry = application.registry()
        # Detailed, for the examples, which models with a pattern or a validator need.
        contract = application.contract(detailed=True)
        samples: dict[str, list[Any]] = {}
        left_out: dict[str, str] = {}
        for name, state in registry.items():
            if state.closes:
                left_out[name] = "it ends the session"
                continue
            schema, model = contract.states[name].request, state.request
            definitions = contract.definitions
            found = [None] if model is None else list(valid_samples(model, schema, definitions))
            if found:
                samples[name] = found
            else:
                left_out[name] = "no valid request can be made from its model: give it examples"
        return cls(
            samples,
            frozenset(name for name, state in registry.items() if state.streams),
            frozenset(name for name, state in registry.items() if _is_dropped(state)),
            left_out,
        )

    def choose(self, chance: Random) -> tuple[str, Any]:
        """A state and the data of a request."""
        name = chance.choice(sorted(self.samples))
        return name, chance.choice(self.samples[name])


def _is_dropped(state: AnyState) -> bool:
    return state.retain != "all" or (state.streams and state.to == "sender")


NAMES = ("ada", "bob", "eve", "joe", "zoe")

WINDOW = 4
"""Requests of one participant that may be unanswered."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Lets participants join a session and send requests there."""

    requests: Requests
    sign_in: SignIn
    admit: Admit
    new_session_id: NewSessionId
    chance: Random

    @asynccontextmanager
    async def talking(self, dial: Callable[[], str]) -> AsyncGenerator[list[ChaosParticipant]]:
        """They talk while the body runs; then nothing may be lost, doubled or out of order."""
        over = asyncio.Event()
        session = self.new_session_id()
        async with AsyncExitStack() as stack:
            participants: list[ChaosParticipant] = []
            for name in NAMES:
                person = await self.sign_in(name)
                await self.admit(session, person)
                made = ChaosParticipant(name, session, dial, self.chance, token=_token(person))
                participants.append(await stack.enter_async_context(made))
            await asyncio.gather(*(one.is_open() for one in participants))
            talking = [asyncio.create_task(self._talk(one, over)) for one in participants]
            try:
                yield participants
            finally:
                over.set()
                await asyncio.gather(*talking)
            await settle(participants, self.requests.dropped)
        records = [one.record for one in participants]
        faults = Checker(records, self.requests.streams, self.requests.dropped).check()
        assert not faults, "\n".join([f"{len(faults)} broken promises:", *faults[:30]])

    async def _talk(self, participant: ChaosParticipant, over: asyncio.Event) -> None:
        waiting: set[asyncio.Future[Frame]] = set()
        ended = asyncio.ensure_future(over.wait())
        while not over.is_set():
            waiting.add(participant.request(*self.requests.choose(self.chance)))
            if len(waiting) >= WINDOW:
                done, _ = await asyncio.wait({*waiting, ended}, return_when="FIRST_COMPLETED")
                waiting -= done
            await asyncio.sleep(self.chance.uniform(0, 0.02))


def _token(person: Person) -> Callable[[], str] | None:
    token = person.token
    return None if token is None else lambda: token


async def settle(participants: Sequence[ChaosParticipant], dropped: Collection[str] = ()) -> None:
    """Wait until each has its answers, then until all have the last message that is always kept.

    The checker reports messages that are missing after `PATIENCE`. `dropped`: see `Checker`.
    """
    waiting = [future for one in participants for future in one.unanswered]
    if waiting:
        await asyncio.wait(waiting, timeout=PATIENCE)
    last: defaultdict[str, int] = defaultdict(int)
    for one in participants:
        kept = (frame["seq"] for _, frame in one.record.frames() if _is_kept(frame, dropped))
        last[one.record.session] = max(last[one.record.session], *kept, 0)
    complete = [one.has_seen(last[one.record.session]) for one in participants]
    await asyncio.gather(*complete, return_exceptions=True)


def _is_kept(frame: Frame, dropped: Collection[str]) -> bool:
    return "seq" in frame and frame["state"] not in (*dropped, "error")
