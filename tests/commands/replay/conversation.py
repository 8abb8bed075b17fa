"""A recorded conversation for tests, and changes of its frames."""

import json
from collections.abc import Callable
from typing import Any

from duplex_dev.replay.recording import Recording

from tests.engine.support import Client, Frame

KINDS = {
    "uuid": "3f0e8a52-6f6a-4c1e-9a53-6d1b7c2e4f10",
    "at": "2026-01-31T12:00:00Z",
    "price": "1.50",
    "colour": "red",
    "raw": "AAE=",
    "zero": 0,
    "no": False,
}


class Recorder:
    """A page with an inspector: everything that goes over its wire is kept."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._frames: list[Frame] = []

    async def send(self, frame: Frame) -> None:
        self._note("sent", frame)
        await self._client.send(frame)

    async def until(self, last: Callable[[Frame], bool]) -> None:
        while True:
            frame = await self._client.receive()
            self._note("received", frame)
            if last(frame):
                return

    async def ask(self, state: str, data: object, request: str) -> None:
        """A request and its answers, up to the last."""
        await self.send({"state": state, "data": data, "id": request})
        await self.until(lambda frame: frame.get("id") == request and not frame.get("more"))

    def _note(self, direction: str, frame: Frame) -> None:
        at = len(self._frames)
        self._frames.append({"direction": direction, "at": at, "size": 1, "frame": frame})

    def file(self) -> dict[str, Any]:
        return {"format": "session-conversation", "version": 1, "frames": self._frames}


def changed(file: dict[str, Any], change: Callable[[list[Frame]], None]) -> Recording:
    """The file after a change of its frames."""
    copy = json.loads(json.dumps(file))
    change(copy["frames"])
    return Recording.model_validate(copy)


def received(frames: list[Frame], request: str) -> Frame:
    """The last frame that answered the request."""
    found = [one["frame"] for one in frames if one["direction"] == "received"]
    return next(frame for frame in reversed(found) if frame.get("id") == request)
