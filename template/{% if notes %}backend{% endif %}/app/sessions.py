"""Who may join a session, and where its document is stored and loaded."""

import duplex
from app.models.saved import SavedSession
from duplex import Database, Identity, Refused, SavedRef


class Sessions(duplex.Sessions):
    """Saved sessions in the database. The first user who saves a session owns it."""

    async def may_join(self, identity: Identity, session: str, db: Database) -> bool:
        """Everybody who knows the id may join; once the session is saved, its owner only."""
        async with db.reading() as tx:
            saved = await tx.get(SavedSession, session)
        return saved is None or saved.owner in (None, identity.user)

    async def load(self, session: str, db: Database) -> str | None:
        """The stored document's JSON, or None when this session was never saved."""
        async with db.reading() as tx:
            saved = await tx.get(SavedSession, session)
        return None if saved is None else saved.document

    async def save(
        self, session: str, title: str, identity: Identity, document: str, db: Database
    ) -> SavedRef:
        """Store the document. Without a title the old one is kept; the first one is the id."""
        async with db.transaction() as tx:
            saved = await tx.get(SavedSession, session, with_for_update=True)
            if saved is None:
                saved = SavedSession(id=session, title=session, owner=identity.user)
                tx.add(saved)
            elif saved.owner is None:
                saved.owner = identity.user
            elif saved.owner != identity.user:
                raise Refused(
                    "Another user saved this session. Only that user can save it again.",
                    code="forbidden",
                )
            # Without NUL, which PostgreSQL would refuse.
            saved.title = title.replace("\0", "").strip() or saved.title
            saved.document = document
            return SavedRef(id=saved.id, title=saved.title)
