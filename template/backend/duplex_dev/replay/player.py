"""Plays a script: sends the recorded requests and compares the frames that the server sends."""

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass, field

from duplex_dev.client import Client, Closed
from duplex_dev.replay.match import Difference, Matcher, shown
from duplex_dev.replay.recording import NOTICES, PASSING, Expect, Frame, Script, Send, StreamEnds

PATIENCE = 10.0
"""Seconds to wait for a frame."""

BURST = 40
"""Requests that are sent without a pause: below the burst of the default SESSION_RATE."""
PAUSE = 1 / 25
"""Seconds between later requests, so that they stay below the default SESSION_RATE."""

_PROBE = "replay-end"


@dataclass(slots=True)
class Outcome:
    """One line for each frame that was compared, with its differences."""

    lines: list[tuple[str, list[str]]] = field(default_factory=list[tuple[str, list[str]]])
    notes: list[str] = field(default_factory=list[str])
    """The parts of the recording that were not replayed."""

    @property
    def differences(self) -> list[str]:
        """All differences from the recording."""
        return [one for _, found in self.lines for one in found]

    def add(self, title: str, found: list[Difference] | list[str]) -> None:
        self.lines.append((title, [str(one) for one in found]))

    def report(self) -> str:
        """The text for the terminal: ✓ or ✗ for each frame, and its differences below."""
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
    script: Script, client: Client, matcher: Matcher, *, speed: float | None = None
) -> Outcome:
    """Play the script over an open session.

    Without `speed` the next request is sent as soon as the recorded replies have arrived; a number
    keeps the recorded pauses, divided by it.
    """
    return await _Player(script, client, matcher, speed).play()


class _Player:
    def __init__(
        self, script: Script, client: Client, matcher: Matcher, speed: float | None
    ) -> None:
        self._script = script
        self._client = client
        self._speed = speed
        self._matcher = matcher
        self._outcome = Outcome()
        self._waiting: defaultdict[str | None, deque[Frame]] = defaultdict(deque)
        self._cancelled: set[str] = set()
        self._answered: set[str] = set()
        self._stream_ends = StreamEnds()
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
        now: Frame = self._client.initialised
        for name in ("participant", "session", "epoch"):
            self._matcher.pair(recorded.get(name), now.get(name))
        # A newer server may send more fields, which every client ignores.
        found = [
            Difference(f"initialised.data.{name}", "there", "missing")
            for name in sorted(recorded.keys() - now.keys())
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
            # The recorded ids are used again: they only have to be unique within this session.
            await self._client.send(frame)
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
            self._outcome.add(title, [f"no such frame arrived: {now}"])
            return
        found = [str(one) for one in self._matcher.frames(step.frame, now, cut=step.cut)]
        if found and now.get("code") == "too_fast":
            found.append("The replay was too fast for a limit: try --speed 1.")
        self._outcome.add(title, found)

    async def _next(self, step: Expect) -> Frame | str:
        """The next frame of the same request, or the reason why there is none."""
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
                        return "the last reply to this request has already arrived"
                    self._sort(await self._client.receive())
        except TimeoutError:
            return f"waited {PATIENCE:g} s"
        except Closed as error:
            self._closed = error
            return str(error)

    def _sort(self, frame: Frame) -> None:
        """Keep a frame for the step that expects it."""
        own = self._client.initialised.get("participant")
        if frame.get("state") in NOTICES or frame.get("from", own) != own:
            return
        if "id" not in frame and frame.get("code") in PASSING:
            return
        if self._stream_ends.contains(frame):
            return
        request = frame.get("id")
        self._waiting[request].append(frame)
        if request is not None and not frame.get("more"):
            self._answered.add(request)

    async def _compare_end(self) -> None:
        """Find frames that were not recorded: all those before the reply to a ping."""
        try:
            await self._client.send({"state": "ping", "id": _PROBE})
            async with asyncio.timeout(PATIENCE):
                while (frame := await self._client.receive()).get("id") != _PROBE:
                    self._sort(frame)
        except (Closed, TimeoutError):
            # The last request may have ended the session.
            pass
        # A recording may end before the last replies.
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
