"""Whether this process can do its work, for load balancers and for people."""

import logging
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from duplex.web.database import Database
from duplex.web.deps import DatabaseDep, EngineDep

logger = logging.getLogger(__name__)


class Health(BaseModel):
    """`ok` when everything below is."""

    status: Literal["ok", "failing"]
    version: str
    database: bool
    broker: bool


def router(version: str) -> APIRouter:
    """`GET /api/v1/health`."""
    made = APIRouter(prefix="/api/v1", tags=["health"])

    @made.get("/health", responses={503: {"model": Health}})
    async def get_health(response: Response, database: DatabaseDep, engine: EngineDep) -> Health:
        """Check the database and the broker; 503 when one of them does not answer."""
        found = Health(
            status="ok",
            version=version,
            database=await _database_answers(database),
            broker=bool((await engine.check()).get("broker")),
        )
        if not (found.database and found.broker):
            found.status = "failing"
            response.status_code = 503
        return found

    return made


async def _database_answers(database: Database) -> bool:
    try:
        await database.check()
    except (SQLAlchemyError, OSError) as error:
        logger.warning("the database does not answer: %s", error)
        return False
    return True
