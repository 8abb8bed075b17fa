import pytest
from app.settings import Settings
from duplex.accounts.first_admin import create_first_admin
from duplex.accounts.hashing import verify_password
from duplex.accounts.users import User
from duplex.web.database import Database
from sqlalchemy import select


def with_admin(password: str) -> Settings:
    return Settings.given(first_admin_email="Boss@Example.org", first_admin_password=password)


async def admins(database: Database) -> list[User]:
    async with database.reading() as db:
        return list(await db.scalars(select(User)))


async def test_the_first_admin_is_made_once(database: Database) -> None:
    await create_first_admin(with_admin("the first password"), database)
    await create_first_admin(with_admin("another password"), database)
    (admin,) = await admins(database)
    assert (admin.email, admin.is_admin) == ("boss@example.org", True)
    assert await verify_password(admin.password_hash, "the first password")


async def test_nobody_is_made_without_the_settings(database: Database) -> None:
    await create_first_admin(Settings.given(), database)
    assert await admins(database) == []


async def test_an_address_that_is_none_stops_the_start(database: Database) -> None:
    settings = Settings.given(first_admin_email="a@b..c", first_admin_password="long enough")
    with pytest.raises(ValueError, match="not an e-mail address"):
        await create_first_admin(settings, database)
    assert await admins(database) == []
