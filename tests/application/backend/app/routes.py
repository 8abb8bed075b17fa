"""The REST routes."""

from typing import Annotated

from duplex import DatabaseDep, Line, not_found
from fastapi import APIRouter
from pydantic import BaseModel, StringConstraints

from app.models.notebooks import Notebook

router = APIRouter(prefix="/api/v1/notebooks")


class Title(BaseModel):
    title: Annotated[Line, StringConstraints(max_length=200)]


@router.patch("/{notebook_id}")
async def rename_notebook(notebook_id: str, change: Title, database: DatabaseDep) -> Title:
    """Rename a notebook."""
    async with database.transaction() as db:
        notebook = await db.get(Notebook, notebook_id)
        if notebook is None:
            raise not_found("notebook")
        notebook.title = change.title
        return change
