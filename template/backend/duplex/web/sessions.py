"""The team's rules for sessions: who may join, and where documents are stored."""

from duplex.identity import Identity
from duplex.requests.documents import SavedRef
from duplex.web.database import Database
from duplex.wire.messages import Refused


class Sessions:
    """Subclass it in `app/sessions.py`. By default everybody who knows a session's id may join,
    and nothing is stored.
    """

    async def may_join(self, identity: Identity, session: str, db: Database) -> bool:
        """Whether this identity may be in the session of this id."""
        return True

    async def load(self, session: str, db: Database) -> str | None:
        """The stored document (JSON) of a session; None if there is none."""
        return None

    async def save(
        self, session: str, title: str, identity: Identity, document: str, db: Database
    ) -> SavedRef:
        """Store a document (JSON) under its session's id. Raises `Refused`."""
        raise Refused("This application does not store sessions.")


class StoredSessions:
    """A team's `Sessions` with the database that it works on (a `SessionStore`)."""

    def __init__(self, sessions: Sessions, db: Database) -> None:
        self._sessions = sessions
        self._db = db

    async def may_join(self, identity: Identity, session: str) -> bool:
        """See `Sessions`."""
        return await self._sessions.may_join(identity, session, self._db)

    async def load(self, session: str) -> str | None:
        """See `Sessions`."""
        return await self._sessions.load(session, self._db)

    async def save(self, session: str, title: str, identity: Identity, document: str) -> SavedRef:
        """See `Sessions`."""
        return await self._sessions.save(session, title, identity, document, self._db)
