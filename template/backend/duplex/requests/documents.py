"""Shared documents: permanent storage, the parsed document of a room, held fields, and the edits of
a request.

The value of a held field lasts exactly as long as a request.
"""

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from types import NoneType
from typing import Annotated, Any, Final, Protocol, TypeVar, get_args

from pydantic import BaseModel, TypeAdapter

from duplex.brokers.base import Broker, BrokerUnavailable, Lock
from duplex.identity import Identity
from duplex.requests.states import BadState
from duplex.wire.messages import DocumentTooLarge, Refused
from duplex.wire.models import pack, pack_document


@dataclass(slots=True, frozen=True)
class SavedRef:
    """A saved session, as the reply to `save` shows it."""

    id: str
    title: str


class SessionStore(Protocol):
    """Decides who may join a session, and stores its document."""

    async def may_join(self, identity: Identity, session: str) -> bool:
        """Whether this identity may be in the session of this id."""
        ...

    async def load(self, session: str) -> str | None:
        """The stored document (JSON) of a session; None if there is none."""
        ...

    async def save(self, session: str, title: str, identity: Identity, document: str) -> SavedRef:
        """Store a document (JSON) under its session's id. Raises `Refused`."""
        ...


class DocumentCache:
    """Avoids parsing a document again that this process itself committed last. `size`: the bytes of
    its JSON, as far as this process knows.
    """

    __slots__ = ("_document", "_version", "size")

    def __init__(self) -> None:
        self._version = -1
        self.size = 0
        self._document: BaseModel | None = None

    def get(self, lock: Lock, model: type[BaseModel]) -> BaseModel:
        """The document under a lock: parsed only when another process changed it."""
        if self._document is not None and self._version == lock.version:
            return self._document
        return model.model_validate_json(lock.document)

    def store(self, version: int, document: BaseModel, size: int) -> None:
        """This process committed `document` as `version`."""
        self._version, self._document, self.size = version, document, size

    def discard(self) -> None:
        """The parsed document was changed by a request that failed."""
        self._document = None


def check_size(text: bytes, limit: int, stored: bytes | None = None) -> None:
    """Raises `DocumentTooLarge`. A document that is too large already may become smaller."""
    if len(text) > limit and (stored is None or len(text) > len(stored)):
        raise DocumentTooLarge(len(text), limit)


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


@cache
def held_fields(model: type[BaseModel]) -> HeldFields:
    """The held fields of a document's model. Raises `BadState` for a wrong one."""
    return HeldFields(model)


class DocumentServices(Protocol):
    """See `Services`."""

    @property
    def broker(self) -> Broker: ...
    @property
    def document(self) -> type[BaseModel]: ...
    @property
    def held(self) -> HeldFields: ...
    @property
    def max_document(self) -> int: ...


class Edits:
    """The edits of one request: its lock on the shared document, and the document as it changes it.

    `document`: with the changes so far, None until the first edit. `changed`: it has changes
    that are not committed. `open`: the tasks of the edits that have begun and not ended.
    `_overlap`: one of two tasks' edits has ended, the other one is open. `_lost`: a failed edit has
    taken back the finished one of another task.
    """

    __slots__ = (
        "_cache",
        "_held",
        "_lock",
        "_locking",
        "_lost",
        "_overlap",
        "_services",
        "changed",
        "document",
        "open",
    )

    def __init__(self, services: DocumentServices, cache: DocumentCache) -> None:
        self._services = services
        self._cache = cache
        self._lock: Lock | None = None
        self._locking: asyncio.Lock | None = None
        self._held: dict[str, bytes] = {}
        self.document: BaseModel | None = None
        self.changed = False
        self.open: list[asyncio.Task[Any] | None] = []
        self._overlap = self._lost = False

    async def lock(self, room: str, lease: float) -> None:
        """Take the lock unless this request has it already. Several tasks of a handler may edit:
        they must not wait for each other's lock.
        """
        if self._lock is None:
            self._locking = self._locking or asyncio.Lock()
            async with self._locking:
                if self._lock is None:
                    self._lock = await self._services.broker.lock(room, lease)

    @contextmanager
    def edit(self) -> Generator[BaseModel]:
        """The document to change, under the lock. An exception takes back what was changed since,
        by edits inside this one too. If it takes back the finished edit of another task, which
        does not learn of it, the request fails.
        """
        assert self._lock is not None
        if self.document is None:
            self.document = self._cache.get(self._lock, self._services.document)
            self._held = dict(self._lock.held)
            self._services.held.show(self.document, self._held)
        document = self.document
        before = document.model_copy(deep=True) if self.changed else None
        task = asyncio.current_task()
        self.open.append(task)
        try:
            yield document
            if self.document is not document:
                raise RuntimeError("an edit inside this one failed: the changes so far are lost")
            self._overlap = self._overlap or any(other is not task for other in self.open)
        except BaseException:
            self._lost = self._lost or self._overlap
            self.document = before
            self._cache.discard()
            raise
        finally:
            self.open.remove(task)
            self._overlap = self._overlap and bool(self.open)

    def hold(self, name: str, written: str, packed: bytes, value: BaseModel) -> None:
        """This request holds a field now: show it in the document."""
        if self.document is not None:
            self._held[written] = packed
            setattr(self.document, name, value.model_copy(deep=True))

    def text(self) -> bytes:
        """The locked document's JSON with the changes so far, without its held fields."""
        assert self._lock is not None
        if self.document is None:
            return self._lock.document
        return pack(self._services.held.unset(self.document))

    def pack(self) -> tuple[Lock, bytes] | None:
        """The lock, and the changed document's JSON without its held fields. None: nothing has
        changed. Raises `DocumentTooLarge` and pydantic's errors.
        """
        if self._lost:
            raise ValueError("an edit failed and took back the finished edit of another task")
        if self.document is None or self._lock is None or not self.changed:
            return None
        services, stored = self._services, self._lock.document
        plain = services.held.without(self.document, self._held)
        text, parsed = pack_document(plain, services.document, stored)
        check_size(text, services.max_document, stored)
        if parsed is not plain:
            self.document = parsed
            services.held.show(parsed, self._held)
        return self._lock, text

    def committed(self, version: int, size: int) -> None:
        """The packed document is stored as `version`, with so many bytes."""
        self.changed = False
        if self.document is not None:
            self._cache.store(version, self.document, size)

    def drop(self) -> None:
        """Drop the changes that were not committed; the lock stays."""
        if self.changed or self.open:
            self._cache.discard()
        self.document, self.changed, self._lost = None, False, False

    async def release(self) -> None:
        """Release the lock; changes that were not committed are dropped."""
        lock, self._lock = self._lock, None
        self.drop()
        if lock is not None:
            # While the store is unreachable the broker retries later.
            with suppress(BrokerUnavailable):
                await self._services.broker.unlock(lock)
