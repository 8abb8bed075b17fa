"""Who may join, and where documents are stored."""

import duplex
from duplex import Database, Identity, SavedRef

from app.models.notebooks import Member, Notebook


class Sessions(duplex.Sessions):
    """Sessions called `members-…` are for members; documents are stored as notebooks."""

    async def may_join(self, identity: Identity, session: str, db: Database) -> bool:
        if not session.startswith("members-"):
            return True
        async with db.reading() as tx:
            return await tx.get(Member, (session, str(identity.user))) is not None

    async def load(self, session: str, db: Database) -> str | None:
        async with db.reading() as tx:
            notebook = await tx.get(Notebook, session)
            return None if notebook is None else notebook.document

    async def save(
        self, session: str, title: str, identity: Identity, document: str, db: Database
    ) -> SavedRef:
        async with db.transaction() as tx:
            notebook = Notebook(id=session, title=title or session, document=document)
            await tx.merge(notebook)
            return SavedRef(id=session, title=notebook.title)
