"""Holds a recorded conversation again: sends what was sent, and compares what comes."""

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass, field

from duplex_dev.client import Closed, Conversation
from duplex_dev.replay.file import NOTICES, PASSING, Ends, Expect, Frame, Script, Send
from duplex_dev.replay.match import Difference, Matcher, shown

PATIENCE = 10.0
"""Seconds that a frame may take."""

BURST = 40
"""Requests that go out at once; half a second's worth of the default SESSION_RATE is 25."""
PAUSE = 1 / 25
"""Seconds between the others, so that a fast replay is not refused as too fast."""

_PROBE = "replay-end"


@dataclass(slots=True)
class Outcome:
    """One line for each frame that was compared, and what was wrong with it."""

    lines: list[tuple[str, list[str]]] = field(default_factory=list[tuple[str, list[str]]])
    notes: list[str] = field(default_factory=list[str])
    """What of the file could not be replayed."""

    @property
    def differences(self) -> list[str]:
        """Everything that was not as recorded."""
        return [one for _, found in self.lines for one in found]

    def add(self, title: str, found: list[Difference] | list[str]) -> None:
        self.lines.append((title, [str(one) for one in found]))

    def report(self) -> str:
        """What a person reads: ✓ and ✗ for each frame, and the differences below."""
        text: list[str] = [f"• {note}" for note in self.notes]
        for title, found in self.lines:
            text.append(f"{'✗' if found else '✓'} {title}")
            text += [f"    {one}" for one in found]
        wrong = sum(bool(found) for _, found in self.lines)
        text.append(
            f"{wrong} of {len(self.lines)} frames differ from the recorded ones"
            if wrong
            else f"All {len(self.lines)} frames are as recorded"
        )
        return "\n".join(text)


async def play(
    script: Script, conversation: Conversation, matcher: Matcher, *, speed: float | None = None
) -> Outcome:
    """Hold the conversation over an open session of its own.

    `speed` None goes on as soon as the recorded answers are there; a number keeps the recorded
    pauses, so many times faster.
    """
    return await _Player(script, conversation, matcher, speed).play()


class _Player:
    def __init__(
        self, script: Script, conversation: Conversation, matcher: Matcher, speed: float | None
    ) -> None:
        self._script = script
        self._conversation = conversation
        self._speed = speed
        self._matcher = matcher
        self._outcome = Outcome()
        self._waiting: defaultdict[str | None, deque[Frame]] = defaultdict(deque)
        self._cancelled: set[str] = set()
        self._answered: set[str] = set()
        self._ends = Ends()
        self._closed: Closed | None = None
        self._began = asyncio.get_running_loop().time()
        self._sent = 0

    async def play(self) -> Outcome:
        self._compare_start()
        for step in self._script.steps:
            if isinstance(step, Send):
                await self._send(step)
            else:
                await self._expect(step)
            if self._outcome.differences and self._closed:
                break
        await self._compare_end()
        return self._outcome

    def _compare_start(self) -> None:
        recorded: Frame = self._script.initialised["data"]
        now: Frame = self._conversation.initialised["data"]
        for name in ("participant", "session", "epoch"):
            self._matcher.pair(recorded.get(name), now.get(name))
        found = [
            Difference(f"initialised.data.{name}", *where)
            for name in sorted(recorded.keys() ^ now.keys())
            for where in [("there", "missing") if name in recorded else ("missing", "there")]
        ]
        if self._script.alone:
            before, after = recorded.get("snapshot"), now.get("snapshot")
            found += self._matcher.values(before, after, "initialised.data.snapshot")
        self._outcome.add("initialised", found)

    async def _send(self, step: Send) -> None:
        await self._pace(step)
        frame, request = step.frame, step.request
        if frame.get("state") == "cancel" and request is not None:
            self._cancelled.add(request)
        try:
            # The recorded ids serve again: they only have to be unique within this session.
            await self._conversation.send(frame)
        except Closed as error:
            self._close(error, f"{frame.get('state')} (sent)")

    async def _pace(self, step: Send) -> None:
        loop = asyncio.get_running_loop()
        self._sent += 1
        if self._speed is not None:
            due = self._began + step.at / 1000 / self._speed
        else:
            due = self._began + max(0, self._sent - BURST) * PAUSE
        await asyncio.sleep(max(0.0, due - loop.time()))

    async def _expect(self, step: Expect) -> None:
        title = _title(step.frame)
        now = await self._next(step)
        if isinstance(now, str):
            self._outcome.add(title, [f"no such frame came: {now}"])
            return
        found = [str(one) for one in self._matcher.frames(step.frame, now, cut=step.cut)]
        if found and now.get("code") == "too_fast":
            found.append("The replay was too fast for a limit: try --speed 1.")
        self._outcome.add(title, found)

    async def _next(self, step: Expect) -> Frame | str:
        """The next frame of the same request, or why there is none."""
        waiting = self._waiting[step.request]
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    while waiting:
                        frame = waiting.popleft()
                        late = frame.get("more") and step.request in self._cancelled
                        if not late:
                            return frame
                    if step.request in self._answered:
                        return "the last answer to this request has come already"
                    self._sort(await self._conversation.receive())
        except TimeoutError:
            return f"waited {PATIENCE:g} s"
        except Closed as error:
            self._closed = error
            return str(error)

    def _sort(self, frame: Frame) -> None:
        """Keeps a frame for whoever expects it."""
        own = self._conversation.initialised["data"].get("participant")
        if frame.get("state") in NOTICES or frame.get("from", own) != own:
            return
        if "id" not in frame and frame.get("code") in PASSING:
            return
        if self._ends.is_one(frame):
            return
        request = frame.get("id")
        self._waiting[request].append(frame)
        if request is not None and not frame.get("more"):
            self._answered.add(request)

    async def _compare_end(self) -> None:
        """What else did the server say? Everything before its answer to a ping is there."""
        try:
            await self._conversation.send({"state": "ping", "id": _PROBE})
            async with asyncio.timeout(PATIENCE):
                while (frame := await self._conversation.receive()).get("id") != _PROBE:
                    self._sort(frame)
        except (Closed, TimeoutError):
            # The last request may have ended the session.
            pass
        # A file may end before the answers do.
        expected = [step for step in self._script.steps if isinstance(step, Expect)]
        complete = {one.request for one in expected if not one.frame.get("more")}
        sent = {step.request for step in self._script.steps if isinstance(step, Send)}
        if sent <= complete | {None}:
            complete.add(None)
        for request, frames in self._waiting.items():
            for frame in frames:
                late = frame.get("more") and request in self._cancelled
                if request in complete and not late:
                    self._outcome.add(_title(frame), [f"not recorded: {shown(frame)}"])

    def _close(self, error: Closed, title: str) -> None:
        if self._closed is None:
            self._outcome.add(title, [str(error)])
        self._closed = error


def _title(frame: Frame) -> str:
    state = str(frame.get("state"))
    if state == "error":
        return f"error {frame.get('code')}"
    return f"{state} (part)" if frame.get("more") else state
