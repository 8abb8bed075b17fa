"""Declarations of states and events: their names, types (the contract) and rules.

A state is a request that clients may send, with its handler. Only the server sends events.
"""

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from types import NoneType, UnionType
from typing import (
    Any,
    Generic,
    Literal,
    ParamSpec,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError, create_model
from pydantic_core import to_json

from duplex.identity import Identity
from duplex.options import Rate
from duplex.wire import protocol
from duplex.wire.entries import Retain, retained
from duplex.wire.messages import Rejected, Unreadable, head, unpack
from duplex.wire.models import accepts_infinity, pack
from duplex.wire.requests import RequestId, find_infinite, read_id, sanitize_data_request

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=BaseModel)

To = Literal["sender", "everybody"]
Allow = Callable[[Identity], bool]


def admins(identity: Identity) -> bool:
    """For `allow`: only those with the role `admin`."""
    return "admin" in identity.roles


class BadState(Exception):
    """An invalid state, event or document; the sentence gives the reason and the place."""


class _Envelope(BaseModel):
    """The fields of every request frame; each state has a subclass with its `state` and `data`."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    data: Any = None
    id: RequestId | None = None


class State(Generic[P, R]):
    """One state of the session: its name, its handler and its rules. Calling it calls the
    handler.
    """

    def __init__(
        self,
        name: str,
        handler: Callable[P, R],
        *,
        retain: Retain,
        limit: Rate | None,
        deadline: float,
        allow: Allow | None,
        closes: bool,
        to: To,
    ) -> None:
        where = f"{handler.__module__}.{handler.__qualname__}"
        check_name(name, where)
        self.name = name
        self.handler = handler
        self.retain: Retain = retain
        self.limit = limit
        self.deadline = deadline
        self.allow = allow
        self.closes = closes
        self.to: To = to
        self.private = to == "sender"
        self.retained: Retain = retained(retain, private=self.private)
        self.doc = inspect.getdoc(handler) or ""
        self.where = where
        self._beginning = head(name, b"")
        self.streams = inspect.isasyncgenfunction(handler)
        if not self.streams and not inspect.iscoroutinefunction(handler):
            raise BadState(f"{where}: a handler is an `async def`, or an async generator to stream")
        if self.streams and closes:
            raise BadState(f"{where}: a stream cannot close the session")
        if closes and to != "everybody":
            raise BadState(f"{where}: the reply of a closing state goes to everybody")
        hints = get_type_hints(handler, include_extras=True)
        self.request = _request_model(handler, hints, where)
        self.response, self.may_be_none = _response_model(hints, self.streams, where)
        self._accepts_infinity = self.request is not None and accepts_infinity(self.request)
        self._validator = _envelope(name, self.request).__pydantic_validator__

    @property
    def admin(self) -> bool:
        """Whether only admins may send it, as described in the contract."""
        return self.allow is admins

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.handler(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<State {self.name} of {self.where}>"

    def read(self, text: str) -> tuple[BaseModel | None, str | None]:
        """The validated data and the id of a frame of this state, parsed once. Raises
        `Rejected`.
        """
        try:
            frame: _Envelope = self._validator.validate_json(text)
        except ValidationError as error:
            return self._read_again(text, error)
        if self._accepts_infinity:
            self._refuse_infinity(unpack(text).get("data"), frame.id)
        elif ("N" in text and "NaN" in text) or ("I" in text and "Infinity" in text):
            # One letter is found much faster than a word, and most frames have neither.
            unpack(text)
        return (frame.data if self.request is not None else None), frame.id

    def _read_again(self, text: str, error: ValidationError) -> tuple[BaseModel | None, str | None]:
        """Validate an invalid frame again without its empty values; else explain what is wrong."""
        frame = unpack(text)
        if frame.get("state") != self.name:
            raise Unreadable("The frame names its state twice.") from None
        request_id = read_id(frame)
        self._refuse_infinity(frame.get("data"), request_id)
        frame["data"] = sanitize_data_request(frame.get("data"))
        if frame["data"] is None or frame["data"] == {}:
            del frame["data"]
        try:
            again: _Envelope = self._validator.validate_json(to_json(frame))
        except ValidationError:
            raise _invalid(self.name, _problems(error), request_id) from None
        return (again.data if self.request is not None else None), request_id

    def _refuse_infinity(self, data: JsonValue, request_id: str | None) -> None:
        path = find_infinite(data)
        if path is not None:
            problem = ".".join(path), "Input should be a finite number"
            raise _invalid(self.name, [problem], request_id)

    def encode(self, value: object) -> bytes:
        """The JSON of a response. Raises TypeError if its type is not the declared one."""
        if value is None and (self.response is None or self.may_be_none):
            return b"null"
        if self.response is None or not isinstance(value, self.response):
            expected = "None" if self.response is None else self.response.__name__
            raise TypeError(f"{self.where} declares {expected} and gave {type(value).__name__}")
        return pack(value, self.response)

    def head(self, value: object) -> bytes:
        """The beginning of a message with this response: see `Entry.head`. Raises TypeError."""
        return self._beginning + self.encode(value)


AnyState = State[..., Any]


def state(
    name: str,
    *,
    retain: Retain = "all",
    limit: str | None = None,
    deadline: float = 30.0,
    allow: Allow | None = None,
    closes: bool = False,
    to: To = "everybody",
) -> Callable[[Callable[P, R]], State[P, R]]:
    """Make a handler of the requests named `name`.

    The handler is `async def (session, data: Request) -> Response`; `data` may be omitted, and the
    response may be None. An async generator is a stream: each `yield` is a reply with `more`, and a
    last frame with data null ends it. A stream starts in order and then runs concurrently with its
    sender's later requests.

    `retain`: which of its messages are replayed to clients that reconnect (all, only the latest,
    none); the others are dropped first for a slow consumer. `limit`: the rate at which one
    participant may send it, e.g. "5/s". `deadline`: the time limit of a request in seconds (for a
    stream: until its next `yield`). `allow`: who may send it. `closes`: success ends the session.
    `to`: who receives the reply.

    A handler must not block: run CPU-bound work with `asyncio.to_thread` or in a process.
    """

    def decorate(handler: Callable[P, R]) -> State[P, R]:
        return State(
            name,
            handler,
            retain=retain,
            limit=None if limit is None else _rate(limit, handler),
            deadline=deadline,
            allow=allow,
            closes=closes,
            to=to,
        )

    return decorate


class Event(Generic[M]):
    """A message that only the server sends; made with `event`."""

    def __init__(self, name: str, model: type[M], *, retain: Retain) -> None:
        self.name = name
        self.model = model
        self.retain: Retain = retain
        self.doc = model.__doc__ or ""
        self.where = f"{model.__module__}.{model.__qualname__}"

    def __repr__(self) -> str:
        return f"<Event {self.name} of {self.where}>"

    def encode(self, value: object) -> bytes:
        """The JSON of the event's data. Raises TypeError when it is not of the event's model."""
        if not isinstance(value, self.model):
            raise TypeError(
                f"the event {self.name} has {self.model.__name__}, not {type(value).__name__}"
            )
        return pack(value, self.model)

    def head(self, value: object) -> bytes:
        """The beginning of a message with this data: see `Entry.head`. Raises TypeError."""
        return head(self.name, self.encode(value))


AnyEvent = Event[Any]


def event(name: str, model: type[M], *, retain: Retain = "all") -> Event[M]:
    """Declare a message that only the server sends: `dice_rolled = event("diceRolled", Dice)`.

    Declare it in a module of the states' package. It is part of the contract, and is sent with
    `session.send(dice_rolled, Dice(points=6))`. A request with its name is refused. `retain`: the
    messages that are replayed to clients that reconnect (all, only the latest, none).
    """
    return Event(name, model, retain=retain)


def _rate(text: str, handler: Callable[..., object]) -> Rate:
    try:
        return Rate.parse(text)
    except ValueError as error:
        where = f"{handler.__module__}.{handler.__qualname__}"
        raise BadState(f"{where}: limit={text!r} is not {error}") from None


def check_name(name: str, where: str) -> None:
    """Raise `BadState` for a name that no state or event can have."""
    if protocol.STATE_NAME.match(name) is None:
        raise BadState(f"{where}: {name!r} is not a state name: camelCase, letters and digits only")
    if name in protocol.RESERVED:
        raise BadState(f"{where}: {name!r} is reserved by the session protocol")


def _request_model(
    handler: Callable[..., object], hints: Mapping[str, Any], where: str
) -> type[BaseModel] | None:
    parameters = list(inspect.signature(handler).parameters.values())
    if not 1 <= len(parameters) <= 2:
        raise BadState(f"{where}: a handler takes (session) or (session, data)")
    if len(parameters) == 1:
        return None
    model = hints.get(parameters[1].name)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise BadState(f"{where}: annotate `{parameters[1].name}` with a Model")
    return model


def _response_model(
    hints: Mapping[str, Any], streams: bool, where: str
) -> tuple[type[BaseModel] | None, bool]:
    if "return" not in hints:
        raise BadState(f"{where}: annotate what it returns, a Model or None")
    returned = hints["return"]
    if streams:
        if get_origin(returned) not in (AsyncIterator, AsyncGenerator):
            raise BadState(f"{where}: a stream returns AsyncIterator[…]")
        returned = get_args(returned)[0]
    may_be_none = False
    if get_origin(returned) in (Union, UnionType):
        kinds = [kind for kind in get_args(returned) if kind is not NoneType]
        may_be_none = len(kinds) < len(get_args(returned))
        returned = kinds[0] if len(kinds) == 1 else returned
    if returned in (None, NoneType):
        return None, True
    if not (isinstance(returned, type) and issubclass(returned, BaseModel)):
        raise BadState(f"{where}: it must return a Model or None, not {returned}")
    return returned, may_be_none


def _envelope(name: str, request: type[BaseModel] | None) -> type[_Envelope]:
    fields: dict[str, Any] = {"state": (Literal[name], ...)}
    if request is not None:
        needed = any(field.is_required() for field in request.model_fields.values())
        fields["data"] = (request, ...) if needed else (request, request())
    return create_model(f"{name}Frame", __base__=_Envelope, **fields)


def _problems(error: ValidationError) -> list[tuple[str, str]]:
    problems: list[tuple[str, str]] = []
    for found in error.errors(include_url=False, include_context=False, include_input=False)[:10]:
        path = [str(part) for part in found["loc"]]
        problems.append((".".join(path[1:] if path[:1] == ["data"] else path), found["msg"]))
    return problems


def _invalid(name: str, problems: list[tuple[str, str]], request_id: str | None) -> Rejected:
    text = "; ".join(f"{field or 'data'}: {problem}" for field, problem in problems)
    listed: list[JsonValue] = [{"field": field, "problem": problem} for field, problem in problems]
    return Rejected(
        f"The data of {name} is not valid: {text}.",
        "invalid_data",
        request_id,
        {"state": name, "problems": listed},
    )
