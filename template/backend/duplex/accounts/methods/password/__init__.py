"""Signing in with an e-mail address and a password, and recovering it by mail."""

from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts.methods.base import Method
from duplex.accounts.methods.password import recovery, routes
from duplex.accounts.methods.password.hashing import hash_password
from duplex.accounts.services import Services
from duplex.accounts.tables import credentials
from duplex.accounts.tables.account import Account

__all__ = ["Password"]


class Password(Method):
    """E-mail address and password."""

    mails = ("recover_password", "password_changed")

    def routers(self) -> Sequence[APIRouter]:
        """Sign-up, sign-in, change and recovery."""
        return (routes.router, recovery.router)

    async def equip(self, services: Services, db: AsyncSession, user: Account) -> None:
        """`FIRST_ADMIN_PASSWORD`; without it the first admin asks for a new one by mail."""
        if (password := services.settings.first_admin_password) is not None:
            hashed = await hash_password(password.get_secret_value())
            db.add(credentials.Password(user_id=user.id, hash=hashed, suffices_alone=True))
