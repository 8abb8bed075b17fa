"""A state that changes the database and the document, as docs/websockets.md recommends. As a
program, a server process that is killed between the two commits (see `tests.engine.chaos.worker`);
`VOTES` in the environment is the SQLite file.
"""

import json
import os
import signal
import sys
from pathlib import Path

import duplex
from duplex import Database, Model, Refused, Registry, state
from sqlalchemy import String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tests.engine.chaos import worker
from tests.engine.support import Notes, setup

Session = duplex.Session[Notes]


class Tables(DeclarativeBase):
    """Not the application's: its tests compare all tables with its migrations."""


class Vote(Tables):
    __tablename__ = "votes"

    id: Mapped[int] = mapped_column(primary_key=True)
    request: Mapped[str] = mapped_column(String(200), unique=True)
    choice: Mapped[str] = mapped_column(String(80))


class CastVote(Model):
    """`fails`: what goes wrong after the transaction, or in it."""

    choice: str
    fails: str = ""


def voting() -> Registry:
    @state("castVote")
    async def cast_vote(session: Session, data: CastVote) -> None:
        async with session.edit() as document:
            document.lines.append(data.choice)
        async with session.transaction() as db:
            if await db.scalar(select(Vote.id).where(Vote.request == session.key)) is None:
                db.add(Vote(request=session.key, choice=data.choice))
            await db.flush()
            if data.fails == "in it":
                raise Refused("Not now.")
        if data.fails == "after it":
            raise RuntimeError("secret inside")
        if data.fails == "killed" and not Path(os.environ["VOTES"] + ".killed").exists():
            Path(os.environ["VOTES"] + ".killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)

    @state("look", to="sender")
    async def look(session: Session) -> Notes:
        return await session.read()

    return Registry([cast_vote, look])


if __name__ == "__main__":
    database = Database(f"sqlite+aiosqlite:///{os.environ['VOTES']}")
    worker.main(setup(**json.loads(sys.argv[1])), voting(), Notes, database.transaction)
