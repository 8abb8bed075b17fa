"""Where the engine puts a session that is saved, and looks for one that is opened again."""

from app.database import Database
from app.saved.models import SavedSession
from app.session import Refused, SavedRef


class Store:
    """Saved sessions in the database. Whoever saves first owns; only the owner saves again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, session_id: str) -> str | None:
        """The stored snapshot's JSON, or None when this session was never saved."""
        async with self._database.reading() as db:
            saved = await db.get(SavedSession, session_id)
            return None if saved is None else saved.snapshot

    async def save(self, session_id: str, title: str, owner: str | None, snapshot: str) -> SavedRef:
        """Store the snapshot; without a title the old one stays, or the id serves as one."""
        async with self._database.transaction() as db:
            saved = await db.get(SavedSession, session_id, with_for_update=True)
            if saved is None:
                saved = SavedSession(id=session_id, title=session_id, owner=owner)
                db.add(saved)
            elif saved.owner is None:
                saved.owner = owner
            elif saved.owner != owner:
                raise Refused(
                    "Somebody else saved this session; only they can save it again.",
                    code="forbidden",
                )
            # Without NUL, which PostgreSQL would refuse.
            saved.title = title.replace("\0", "").strip() or saved.title
            saved.snapshot = snapshot
            return SavedRef(id=saved.id, title=saved.title)
