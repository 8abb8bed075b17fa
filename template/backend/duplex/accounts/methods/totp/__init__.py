"""An authenticator app as the second step (RFC 6238), with recovery codes."""

from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts.methods.base import Method
from duplex.accounts.methods.totp import routes, store
from duplex.accounts.services import SecondFactor, Services

__all__ = ["Totp"]


class _Factor:
    """The second factor, required after the first one once it is set up."""

    name = "totp"

    async def is_on(self, db: AsyncSession, user_id: str) -> bool:
        """Whether the account has confirmed an authenticator app."""
        return await store.is_on(db, user_id)


class Totp(Method):
    """Six digits of an authenticator app, after a password or a mailed link."""

    mails = ("second_step_changed",)
    factor: SecondFactor | None = _Factor()

    def routers(self) -> Sequence[APIRouter]:
        """Set-up, confirmation, recovery codes, switching off, and the second step."""
        return (routes.router,)

    async def start(self, services: Services) -> None:
        """Encrypt stored secrets with the newest key, so that an old one can be taken away."""
        await store.encrypt_anew(services)
