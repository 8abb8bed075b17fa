"""Parses and validates the frames of an open session."""

import re
from typing import Final

from duplex.requests.registry import Registry
from duplex.wire.messages import Rejected, Unreadable, unpack
from duplex.wire.protocol import STATE_NAME_MAX
from duplex.wire.requests import Control, Request, read_control, read_id

_STATE: Final = re.compile(rf'\s*\{{\s*"state"\s*:\s*"([A-Za-z0-9]{{1,{STATE_NAME_MAX}}})"')
"""The state at the beginning of a frame, where nearly every client puts it: the frame is then
parsed only once, by the model of its state.
"""


class RequestReader:
    """Reads frames for the states of a registry."""

    __slots__ = ("_registry",)

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def read(self, text: str) -> Request | Control:
        """The request in one frame. Raises `Rejected` or `Unreadable`."""
        found = _STATE.match(text)
        state = self._registry.get(found[1]) if found is not None else None
        if state is None:
            frame = unpack(text)
            name = frame.get("state")
            request_id = read_id(frame)
            if not isinstance(name, str):
                raise Unreadable("The frame must have a `state`.")
            state = self._registry.get(name)
            if name in self._registry.events:
                sentence = f"{name} is an event: only the server sends it."
                raise Rejected(sentence, "unknown_state", request_id)
            if state is None:
                return read_control(name, frame, request_id)
        data, request_id = state.read(text)
        return Request(state.name, data, request_id)
