"""If something is missing, the server does not start and names it in one line."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from app.main import application
from app.settings import Settings
from duplex import Application
from duplex.accounts.methods.base import Method
from duplex.accounts.services import Services
from duplex.web.database import Database
from duplex.web.errors import CannotStart
from duplex.web.migrate import migrate
from duplex_dev.machine.network import free_port
from starlette.types import Message

from tests.accounts.people import accounts


async def told(application: Application = application, **settings: str) -> str:
    """The message that a server gets from an application that does not start."""
    app = application.create(Settings.given(**settings))
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        messages.append(message)

    scope: dict[str, Any] = {"type": "lifespan", "state": {}}
    with pytest.raises(Exception) as raised:  # noqa: PT011
        await app(scope, receive, send)
    assert [one["type"] for one in messages] == ["lifespan.startup.failed"]
    text: str = messages[0]["message"]
    assert ("Traceback" in text) is not isinstance(raised.value, CannotStart)
    return text


@pytest.fixture
async def database(tmp_path: Path) -> str:
    """The URL of a migrated database."""
    url = f"sqlite+aiosqlite:///{tmp_path}/app.db"
    made = Database(url)
    await migrate(made, Settings.root)
    await made.dispose()
    return url


async def test_an_absent_store_is_reported_in_one_line(database: str) -> None:
    port = free_port()
    line = await told(database_url=database, broker_url=f"redis://127.0.0.1:{port}/0")
    assert line.startswith("BROKER_URL: the broker cannot be reached: connecting failed: ")
    assert f"127.0.0.1:{port}" in line
    assert "\n" not in line


async def test_an_unknown_option_of_the_url_is_reported_in_one_line(database: str) -> None:
    line = await told(database_url=database, broker_url="redis://127.0.0.1/0?nonsense=1")
    assert "nonsense" in line
    assert "\n" not in line


async def test_a_database_without_tables_is_reported_in_one_line(tmp_path: Path) -> None:
    line = await told(database_url=f"sqlite+aiosqlite:///{tmp_path}/none.db")
    assert "python -m app migrate" in line
    assert "\n" not in line


class Faulty(Method):
    async def start(self, services: Services) -> None:
        raise RuntimeError("the inside")


async def test_a_bug_keeps_its_traceback(database: str) -> None:
    faulty = replace(application, accounts=accounts(Faulty()))
    assert "the inside" in await told(faulty, database_url=database)
