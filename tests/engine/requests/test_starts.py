"""Requests of many participants are begun in the order in which they arrived, a few in each loop
tick.
"""

import asyncio
from contextvars import ContextVar

from duplex.requests.queue import AT_ONCE, RequestQueue, Starts
from duplex.wire.requests import Request

COLOUR: ContextVar[str] = ContextVar("COLOUR", default="none")


class Crowd:
    """Participants whose requests are recorded. `ticks` has the names that began in each tick."""

    def __init__(self) -> None:
        self.starts = Starts()
        self.ticks: list[list[str]] = []
        self.colours: list[str] = []
        self.queues: list[RequestQueue] = []

    def ask(self, name: str, queue: RequestQueue | None = None) -> RequestQueue:
        """A request of this queue, by default of another participant."""
        if queue is None:
            queue = RequestQueue(self._run, self.starts)
            self.queues.append(queue)
        queue.add(Request(name, None, None))
        return queue

    async def _run(self, request: Request) -> None:
        self.ticks[-1].append(request.state)
        self.colours.append(COLOUR.get())

    async def tick(self) -> None:
        """The next loop tick."""
        self.ticks.append([])
        await asyncio.sleep(0)

    async def finish(self) -> None:
        """Let ticks pass until every request was handled."""
        while any(map(len, self.queues)):
            await self.tick()

    @property
    def order(self) -> list[str]:
        return [name for tick in self.ticks for name in tick]


async def test_no_more_than_a_few_are_begun_in_a_tick() -> None:
    crowd = Crowd()
    names = [str(number) for number in range(3 * AT_ONCE + 1)]
    for name in names:
        crowd.ask(name)
    await crowd.finish()
    assert crowd.order == names
    assert max(map(len, crowd.ticks)) == AT_ONCE


async def test_who_asks_later_comes_after_all_who_asked_before() -> None:
    crowd = Crowd()
    names = [str(number) for number in range(3 * AT_ONCE)]
    queues = [crowd.ask(name) for name in names]
    while not crowd.order:
        await crowd.tick()
    # Two that have been answered, and one who is new.
    crowd.ask("again 1", queues[1])
    crowd.ask("again 0", queues[0])
    crowd.ask("new")
    await crowd.finish()
    assert crowd.order == [*names, "again 1", "again 0", "new"]


async def test_one_that_waits_for_its_turn_is_settled_before_it() -> None:
    crowd = Crowd()
    for number in range(AT_ONCE):
        crowd.ask(str(number))
    for end in ("settled", "finished"):
        last = crowd.ask(end)
        crowd.ticks.append([])
        await getattr(last, end)()
        assert crowd.order[-1] == end
        assert len(last) == 0


async def test_one_that_waits_for_its_turn_can_be_removed() -> None:
    crowd = Crowd()
    for number in range(AT_ONCE):
        crowd.ask(str(number))
    gone, cleared = crowd.ask("gone"), crowd.ask("cleared")
    gone.add(Request("stays", None, "1"))
    assert not gone.remove("2")
    cleared.clear()
    await crowd.finish()
    assert crowd.order[AT_ONCE:] == ["gone", "stays"]
    crowd.ask("later", cleared)
    await crowd.finish()
    assert crowd.order[-1] == "later"


async def test_one_that_waits_for_its_turn_keeps_the_context_in_which_it_arrived() -> None:
    crowd = Crowd()
    for number in range(AT_ONCE):
        crowd.ask(str(number))
    COLOUR.set("red")
    crowd.ask("red")
    COLOUR.set("blue")
    crowd.ask("blue")
    COLOUR.set("none")
    await crowd.finish()
    assert crowd.colours == ["none"] * AT_ONCE + ["red", "blue"]
