"""The first admin: without one, nobody could make anybody an admin."""

import logging

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from duplex.accounts.hashing import hash_password
from duplex.accounts.users import Email, User
from duplex.settings.base import Settings
from duplex.web.database import Database

logger = logging.getLogger(__name__)


async def create_first_admin(settings: Settings, database: Database) -> None:
    """Make the account of `FIRST_ADMIN_EMAIL` unless it exists; an existing one stays as it is."""
    if settings.first_admin_email is None or settings.first_admin_password is None:
        return
    email: str = TypeAdapter(Email).validate_python(settings.first_admin_email)
    async with database.reading() as db:
        if await db.scalar(select(User.id).where(User.email == email)) is not None:
            return
    stored = await hash_password(settings.first_admin_password.get_secret_value())
    try:
        async with database.transaction() as db:
            db.add(User(email=email, name="Admin", password_hash=stored, is_admin=True))
    except IntegrityError:
        # Another worker, which started at the same moment, was faster.
        return
    logger.info("made the first admin, %s", email)
