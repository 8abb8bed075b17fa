"""The first admin, who can make other users admins."""

import logging
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from duplex.accounts.emails import EMAIL
from duplex.accounts.events import audit
from duplex.accounts.methods.base import Method
from duplex.accounts.services import Services
from duplex.accounts.tables.records import AuditEvent
from duplex.web.database import now
from duplex.web.errors import CannotStart

logger = logging.getLogger(__name__)

_ACTION = "first_admin_created"


async def create_first_admin(services: Services, methods: Sequence[Method]) -> None:
    """Create the account of `FIRST_ADMIN_EMAIL`, once.

    An existing account is not changed. The audit log records the creation, so the account is not
    created again after its address was changed.
    """
    settings = services.settings
    if settings.first_admin_email is None:
        return
    try:
        email = EMAIL.validate_python(settings.first_admin_email)
    except ValueError:
        raise CannotStart("FIRST_ADMIN_EMAIL: the value is not an e-mail address") from None
    users = services.users
    try:
        async with services.database.transaction() as db:
            made = select(AuditEvent.id).where(
                AuditEvent.action == _ACTION, AuditEvent.subject == email
            )
            there = select(users.id).where(users.email == email)
            if await db.scalar(made.limit(1)) or await db.scalar(there):
                return
            # The operator of the server vouches for the address.
            user = users(email=email, name="Admin", is_admin=True, email_verified_at=now())
            db.add(user)
            await db.flush()
            for method in methods:
                await method.equip(services, db, user)
            audit(db, _ACTION, actor=None, subject=user)
    except IntegrityError:
        # Another worker created it at the same moment.
        return
    logger.info("made the first admin, %s", email)
