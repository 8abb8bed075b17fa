"""The parsed document of a room, kept between the requests of one process."""

from pydantic import BaseModel

from duplex.brokers.base import Lock


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
