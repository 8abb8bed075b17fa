"""Services of the sign-in routes, created once per process."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Protocol

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts.tables.account import Account
from duplex.mail import Outbox, Templates
from duplex.settings import Settings
from duplex.web.application import Project
from duplex.web.database import Database


class Revoker(Protocol):
    """Closes the open sessions of a user on every worker."""

    async def revoke(self, user: str, sign_in: str | None = None) -> None:
        """Close all of them, or those of one sign-in."""
        ...


class SecondFactor(Protocol):
    """A method that can be asked for after the first one."""

    @property
    def name(self) -> str:
        """Such as `totp`."""
        ...

    async def is_on(self, db: AsyncSession, user_id: str) -> bool:
        """Whether this account has to show it."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """The services of sign-in."""

    users: type[Account]
    """The team's table of users."""
    settings: Settings
    database: Database
    engine: Revoker
    project: Project
    outbox: Outbox
    templates: Templates
    second_factors: tuple[SecondFactor, ...]

    async def second_factor(self, db: AsyncSession, user_id: str) -> str | None:
        """The name of the second factor that this account has to show, if any."""
        for factor in self.second_factors:
            if await factor.is_on(db, user_id):
                return factor.name
        return None

    def mail(
        self,
        db: AsyncSession,
        name: str,
        to: str,
        values: Mapping[str, object],
        worth: timedelta = timedelta(days=1),
    ) -> None:
        """Put a mail into the outbox; it is sent when the transaction was committed."""
        common = {"project": self.project.name, "email": to}
        self.outbox.add(db, self.templates.render(name, to, common | dict(values)), worth)


def get_services(request: Request) -> Services:
    """The process's services of sign-in."""
    services: Services = request.state.accounts
    return services


ServicesDep = Annotated[Services, Depends(get_services)]
