"""Participants who talk at random in one session while something happens, and the verdict on it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random
from uuid import uuid4

from duplex_dev.testing.chaos import ChaosParticipant, Checker, settle
from duplex_dev.testing.chaos.record import Frame
from duplex_dev.testing.people import Admit, Person, SignIn
from duplex_dev.testing.promises.requests import Requests

NAMES = ("ada", "bob", "eve", "joe", "zoe")

WINDOW = 4
"""Requests of one participant that may be unanswered."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """How the participants get into a session, and what they send there."""

    requests: Requests
    sign_in: SignIn
    admit: Admit
    chance: Random

    @asynccontextmanager
    async def talking(self, dial: Callable[[], str]) -> AsyncGenerator[list[ChaosParticipant]]:
        """They talk while the body runs; then nothing may be lost, doubled or out of order."""
        over = asyncio.Event()
        session = uuid4().hex
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
