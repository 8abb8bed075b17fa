"""Events: messages that only the server sends."""

from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from duplex.wire.entries import Retain
from duplex.wire.models import pack

M = TypeVar("M", bound=BaseModel)


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


AnyEvent = Event[Any]


def event(name: str, model: type[M], *, retain: Retain = "all") -> Event[M]:
    """Declare a message that only the server sends: `dice_rolled = event("diceRolled", Dice)`.

    Declare it in a module of the states' package. It is part of the contract, and is sent with
    `session.send(dice_rolled, Dice(points=6))`. A request with its name is refused. `retain`: the
    messages that are replayed to clients that reconnect (all, only the latest, none).
    """
    return Event(name, model, retain=retain)
