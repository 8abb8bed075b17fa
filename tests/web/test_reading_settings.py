"""Handlers and routes read the team's settings of the process; in tests those of the fixture."""

from typing import Annotated

import duplex
import httpx
import pytest
from app.document import Notes, Session
from app.sessions import Sessions
from app.settings import Settings
from duplex import Application, Model, Registry, get_settings, state
from duplex_dev.testing import Join
from fastapi import APIRouter, Depends

router = APIRouter()

SettingsDep = Annotated[Settings, Depends(get_settings)]


class Shelf(Model):
    size: int


class Others(duplex.Settings):
    """The settings of another application."""


@state("shelf", to="sender")
async def shelf(session: Session) -> Shelf:
    return Shelf(size=session.settings(Settings).shelf_size)


@state("otherShelf", to="sender")
async def other_shelf(session: Session) -> None:
    session.settings(Others)


@router.get("/api/v1/shelf")
async def get_shelf(settings: SettingsDep) -> Shelf:
    return Shelf(size=settings.shelf_size)


class Shelves(Application):
    """An application with these states."""

    def registry(self) -> Registry:
        return Registry([shelf, other_shelf])


@pytest.fixture
def application() -> Application:
    return Shelves(document=Notes, sessions=Sessions(), routers=[router])


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"shelf_size": 3})


async def test_handlers_and_routes_read_the_settings_of_the_test(
    join: Join, client: httpx.AsyncClient
) -> None:
    async with join() as ada:
        assert (await ada.reply("shelf"))["data"] == {"size": 3}
    assert (await client.get("/api/v1/shelf")).json() == {"size": 3}


async def test_settings_of_another_class_are_a_bug_of_the_handler(
    join: Join, caplog: pytest.LogCaptureFixture
) -> None:
    async with join() as ada:
        assert (await ada.reply("otherShelf"))["code"] == "internal"
    assert "the settings of this process are Given, not Others" in caplog.text
