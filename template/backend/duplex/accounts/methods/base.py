"""The interface of sign-in methods."""

from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts.services import SecondFactor, Services
from duplex.accounts.tables.account import Account


class Method:
    """A sign-in method. Subclasses override what differs."""

    mails: Sequence[str] = ()
    """The mails that the team's folder of templates must have."""

    factor: SecondFactor | None = None
    """Where the method is a second factor."""

    signs_up: bool = False
    """Whether an account is asked for with name and address alone, by `POST /auth/sign-up`."""

    def routers(self) -> Sequence[APIRouter]:
        """Its routes."""
        return ()

    async def start(self, services: Services) -> None:
        """Called before the first request."""

    async def equip(self, services: Services, db: AsyncSession, user: Account) -> None:
        """Give the first admin a credential from the settings, in the same transaction."""
