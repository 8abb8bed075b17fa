"""All states of an application, and the requests that frames contain."""

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, cast

from duplex.requests.states import AnyEvent, AnyState, BadState, Event, State, check_name
from duplex.wire.messages import Rejected, Unreadable, unpack
from duplex.wire.protocol import STATE_NAME_MAX
from duplex.wire.requests import Control, Request, read_control, read_id

_STATE: Final = re.compile(rf'\s*\{{\s*"state"\s*:\s*"([A-Za-z0-9]{{1,{STATE_NAME_MAX}}})"')
"""The state at the beginning of a frame, where nearly every client puts it: the frame is then
parsed only once, by the model of its state.
"""


class Registry(Mapping[str, AnyState]):
    """All states of an application, by name, and its `events`. `states`: the states as a plain
    dictionary, which is faster to read.
    """

    def __init__(self, declared: Iterable[AnyState | AnyEvent] = ()) -> None:
        self.states: dict[str, AnyState] = {}
        self.events: dict[str, AnyEvent] = {}
        for each in declared:
            other = self.states.get(each.name) or self.events.get(each.name)
            if other is not None and other is not each:
                raise BadState(f"{each.where} and {other.where} are both named {each.name!r}")
            if isinstance(each, Event):
                check_name(each.name, each.where)
                self.events[each.name] = each
            else:
                self.states[each.name] = each

    def __getitem__(self, name: str) -> AnyState:
        return self.states[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.states)

    def __len__(self) -> int:
        return len(self.states)

    def message(self, name: str) -> AnyState | AnyEvent:
        """The state or event of this name. Raises KeyError."""
        return self.events.get(name) or self.states[name]

    def read(self, text: str) -> Request | Control:
        """The request in one frame. Raises `Rejected` or `Unreadable`."""
        found = _STATE.match(text)
        state = self.states.get(found[1]) if found is not None else None
        if state is None:
            frame = unpack(text)
            name = frame.get("state")
            request_id = read_id(frame)
            if not isinstance(name, str):
                raise Unreadable("The frame must have a `state`.")
            state = self.states.get(name)
            if name in self.events:
                sentence = f"{name} is an event: only the server sends it."
                raise Rejected(sentence, "unknown_state", request_id)
            if state is None:
                return read_control(name, frame, request_id)
        data, request_id = state.read(text)
        size = len(text) if text.isascii() else 4 * len(text)
        return Request(state.name, data, request_id, size)


def discover(package: str = "app.states") -> Registry:
    """Import every module of a package and collect its states and events, ordered by name."""
    root = importlib.import_module(package)
    found: set[AnyState | AnyEvent] = set()
    names = [info.name for info in pkgutil.walk_packages(root.__path__, f"{package}.")]
    for module in [root, *(importlib.import_module(name) for name in sorted(names))]:
        for value in vars(module).values():
            if isinstance(value, State | Event):
                found.add(cast("AnyState | AnyEvent", value))
    return Registry(sorted(found, key=lambda each: each.name))
