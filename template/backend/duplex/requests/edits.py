"""The edits of one request: its lock on the shared document, and the document as it changes it."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Protocol

from pydantic import BaseModel

from duplex.brokers.base import Broker, BrokerUnavailable, Lock
from duplex.requests.documents import DocumentCache, HeldFields, check_size, write


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
    """`document`: with the changes so far, None until the first edit. `changed`: it has changes
    that are not committed. `open`: edits that have begun and not ended.
    """

    __slots__ = ("_cache", "_held", "_lock", "_services", "changed", "document", "open")

    def __init__(self, services: DocumentServices, cache: DocumentCache) -> None:
        self._services = services
        self._cache = cache
        self._lock: Lock | None = None
        self._held: dict[str, bytes] = {}
        self.document: BaseModel | None = None
        self.changed = False
        self.open = 0

    async def lock(self, room: str, lease: float) -> None:
        """Take the lock unless this request has it already."""
        if self._lock is None:
            self._lock = await self._services.broker.lock(room, lease)

    @contextmanager
    def edit(self) -> Generator[BaseModel]:
        """The document to change, under the lock; an exception takes the changes back."""
        assert self._lock is not None
        if self.document is None:
            self.document = self._cache.get(self._lock, self._services.document)
            self._held = dict(self._lock.held)
            self._services.held.show(self.document, self._held)
        document = self.document
        before = document.model_copy(deep=True) if self.changed else None
        self.open += 1
        try:
            yield document
            if self.document is not document:
                raise RuntimeError("an edit inside this one failed: the changes so far are lost")
        except BaseException:
            self.document = before
            self._cache.discard()
            raise
        finally:
            self.open -= 1

    def hold(self, name: str, written: str, packed: bytes, value: BaseModel) -> None:
        """This request holds a field now: show it in the document."""
        if self.document is not None:
            self._held[written] = packed
            setattr(self.document, name, value.model_copy(deep=True))

    def pack(self) -> tuple[Lock, bytes] | None:
        """The lock, and the changed document's JSON without its held fields. None: nothing has
        changed. Raises `DocumentTooLarge` and pydantic's errors.
        """
        if self.document is None or self._lock is None or not self.changed:
            return None
        services, stored = self._services, self._lock.document
        plain = services.held.without(self.document, self._held)
        text, parsed = write(plain, services.document, stored)
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
        self.document, self.changed = None, False

    async def release(self) -> None:
        """Release the lock; changes that were not committed are dropped."""
        lock, self._lock = self._lock, None
        self.drop()
        if lock is not None:
            # While the store is unreachable the broker retries later.
            with suppress(BrokerUnavailable):
                await self._services.broker.unlock(lock)
