"""The document that everybody in a session shares: any model whose fields have defaults."""

from datetime import UTC, datetime

from pydantic import Field

import duplex
from duplex import Model

ENTRIES_KEPT = 50
"""Above this number the oldest entries are dropped."""


class Entry(Model):
    """One line of the shared notes."""

    state: str
    """The state name that made it."""
    text: str
    by: str
    """The participant's name."""
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class Document(Model):
    """The data that everybody in a session sees. Newcomers receive all of it; `save` stores it."""

    entries: list[Entry] = Field(default_factory=list[Entry])

    def add(self, entry: Entry) -> None:
        """Append an entry and drop the oldest ones above `ENTRIES_KEPT`."""
        self.entries = [*self.entries, entry][-ENTRIES_KEPT:]


Session = duplex.Session[Document]
"""The first argument of every handler."""
