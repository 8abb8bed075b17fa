"""Mails that notify the owner of changes of the account."""

from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts.browser.names import browser_name
from duplex.accounts.browser.visit import Visit
from duplex.accounts.services import Services
from duplex.web.database import now


def notify(
    services: Services, db: AsyncSession, visit: Visit, name: str, to: str, **values: object
) -> None:
    """Put the notice NAME into the outbox, with when, where and in which browser it happened."""
    circumstances = {
        "at": f"{now():%Y-%m-%d %H:%M} UTC",
        "browser": browser_name(visit.user_agent),
        "address": visit.address,
        "origin": visit.origin,
    }
    services.mail(db, name, to, circumstances | values)
