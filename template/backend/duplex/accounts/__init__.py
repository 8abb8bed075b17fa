"""Signing in: one module per method, and what all methods share."""

from collections.abc import Sequence

from fastapi import APIRouter

from duplex.accounts import password, sign_ins, users_routes
from duplex.accounts.current import ActiveDep, AdminDep, authenticator
from duplex.accounts.first_admin import create_first_admin
from duplex.accounts.users import User
from duplex.identity import Authenticate
from duplex.settings.base import Settings
from duplex.web.database import Database


class Accounts:
    """How people sign in: to be given to `Application`. `methods`: a router for each way."""

    def __init__(self, methods: Sequence[APIRouter]) -> None:
        self.routers = [*methods, sign_ins.router, users_routes.router]

    def authenticator(self, settings: Settings, database: Database) -> Authenticate:
        """What tells whom a token stands for."""
        return authenticator(settings, database)

    async def prepare(self, settings: Settings, database: Database) -> None:
        """Make the first admin of the settings unless it exists."""
        await create_first_admin(settings, database)


__all__ = ["Accounts", "ActiveDep", "AdminDep", "User", "password"]
