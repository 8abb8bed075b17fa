"""Fields of the shared document whose value exists exactly as long as a request."""

from collections.abc import Mapping
from types import NoneType
from typing import Annotated, Any, Final, TypeVar, get_args

from pydantic import BaseModel, TypeAdapter

from duplex.requests.registry import BadState
from duplex.wire.errors import Refused

T = TypeVar("T", bound=BaseModel)


class _Mark:
    """Marks a field of a document in its annotation."""


HELD_FIELD: Final = _Mark()

Held = Annotated[T | None, HELD_FIELD]
"""The type of a document's field that `session.hold` sets, for example
`export: Held[Export] = None`. It is None unless a request holds it.
"""


class AlreadyHeld(Refused):
    """Raised by `session.hold`: another request holds the field. As a `Refused` it answers the
    request, if the handler does not catch it.
    """

    def __init__(self, field: str) -> None:
        super().__init__(
            "Another request is already working on this. Try again when it is done.",
            "conflict",
            {"field": field},
        )


class HeldFields:
    """The held fields of a document's model, by the type of their values."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._by_type: dict[type[BaseModel], str] = {}
        self._fields: dict[str, tuple[str, TypeAdapter[BaseModel | None]]] = {}
        for name, field in model.model_fields.items():
            if HELD_FIELD not in field.metadata:
                continue
            where = f"{model.__module__}.{model.__qualname__}.{name}"
            (kind,) = (one for one in get_args(field.annotation) if one is not NoneType)
            if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
                raise BadState(f"{where}: a held value must be a Model, not {kind}")
            if field.is_required() or field.get_default(call_default_factory=False) is not None:
                raise BadState(f"{where}: a held field has the default None")
            if kind in self._by_type:
                raise BadState(f"{where}: another field holds {kind.__name__} already")
            written = field.serialization_alias or name
            self._by_type[kind] = name
            annotation: Any = field.annotation
            self._fields[name] = written, TypeAdapter(annotation)

    def __bool__(self) -> bool:
        return bool(self._fields)

    def field(self, value: BaseModel) -> tuple[str, str]:
        """The field for this value: its name, and its name in JSON. Raises TypeError."""
        name = self._by_type.get(type(value))
        if name is None:
            kind = type(value).__name__
            raise TypeError(f"the document has no field of the type Held[{kind}]")
        return name, self._fields[name][0]

    def show(self, document: BaseModel, held: Mapping[str, bytes]) -> None:
        """Set the held fields of a document to their current values (JSON)."""
        for name in self._fields:
            setattr(document, name, self._value(name, held))

    def without(self, document: BaseModel, held: Mapping[str, bytes]) -> BaseModel:
        """A copy of the document without its held values. Raises ValueError for a document whose
        held fields are no longer as in `held`: an edit cannot change them.
        """
        for name in self._fields:
            if getattr(document, name) != self._value(name, held):
                raise ValueError(f"`{name}` is a held field: use `session.hold` to set it")
        return self.unset(document)

    def unset(self, document: BaseModel) -> BaseModel:
        """A copy of the document without its held values."""
        return document.model_copy(update=dict.fromkeys(self._fields)) if self else document

    def _value(self, name: str, held: Mapping[str, bytes]) -> BaseModel | None:
        written, adapter = self._fields[name]
        value = held.get(written)
        return None if value is None else adapter.validate_json(value)
