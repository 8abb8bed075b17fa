"""Store the notes and end the session."""

from duplex import Model, state

from app.document import Session


class Notebook(Model):
    title: str = ""


@state("closeNotebook", closes=True)
async def close_notebook(session: Session, data: Notebook) -> Notebook:
    """Store the notes under a title."""
    return Notebook(title=(await session.save(data.title)).title)
