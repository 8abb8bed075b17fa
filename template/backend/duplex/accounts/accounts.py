"""Sign-in: the methods of a project, with the routes and services that they share."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from fastapi import APIRouter

from duplex.accounts import mailed, sign_up
from duplex.accounts.browser.visit import public_origin
from duplex.accounts.first_admin import create_first_admin
from duplex.accounts.housekeeping import keep_tidy
from duplex.accounts.methods.base import Method
from duplex.accounts.routes import email, invitations, logs, me, sign_ins, users
from duplex.accounts.services import Revoker, Services
from duplex.accounts.sign_in.current import authenticator
from duplex.accounts.tables.account import Account
from duplex.identity import Authenticate
from duplex.mail import Outbox, Templates
from duplex.mail.delivery import Nowhere, Transport, delivering
from duplex.mail.mailbox import router as mailbox
from duplex.mail.smtp import Smtp
from duplex.settings import Settings
from duplex.web.application import Project
from duplex.web.database import Database
from duplex.web.errors import CannotStart

logger = logging.getLogger(__name__)

_NO_URL = (
    "PUBLIC_URL: nothing is set; expected the address that people open, such as"
    " https://app.example.org, because mails link to it"
)


class Accounts:
    """How people sign in: to be given to `Application`."""

    def __init__(self, users: type[Account], methods: Sequence[Method], mails: Path) -> None:
        """`users`: the team's table; `mails`: the folder of the team's mail templates."""
        self.users = users
        self._methods = methods
        self._templates = Templates(mails)

    def routers(self, settings: Settings) -> Sequence[APIRouter]:
        """The routes of the methods, of accounts, and in development the mailbox."""
        return (
            *(router for method in self._methods for router in method.routers()),
            *((sign_up.requests,) if any(one.signs_up for one in self._methods) else ()),
            sign_up.router,
            invitations.router,
            sign_ins.router,
            email.router,
            # Before the routes with a user's id, which `me` would be taken for.
            me.router,
            users.router,
            logs.router,
            *(() if settings.production else (mailbox,)),
        )

    def authenticator(self, settings: Settings, database: Database) -> Authenticate:
        """The function that finds the identity of an access token."""
        slug = Project.read(settings.root).slug
        return authenticator(self.users, settings, slug, database)

    @asynccontextmanager
    async def running(
        self, settings: Settings, database: Database, engine: Revoker, project: Project
    ) -> AsyncGenerator[Services]:
        """Check the mail templates, create the first admin, and send mails until the end."""
        if settings.production and public_origin(settings) is None:
            raise CannotStart(_NO_URL)
        self._check_mails()
        services = self.services(settings, database, engine, project)
        for method in self._methods:
            await method.start(services)
        await create_first_admin(services, self._methods)
        async with AsyncExitStack() as stack:
            if (transport := _transport(settings, project)) is not None:
                keep_texts = not settings.production
                await stack.enter_async_context(
                    delivering(services.outbox, transport, keep_texts=keep_texts)
                )
            tidying = asyncio.create_task(keep_tidy(services))
            stack.callback(tidying.cancel)
            yield services

    def services(
        self, settings: Settings, database: Database, engine: Revoker, project: Project
    ) -> Services:
        """The services of these methods."""
        return Services(
            users=self.users,
            settings=settings,
            database=database,
            engine=engine,
            project=project,
            outbox=Outbox(database),
            templates=self._templates,
            second_factors=tuple(one.factor for one in self._methods if one.factor is not None),
        )

    def _check_mails(self) -> None:
        needed = {
            *sign_up.MAILS,
            *invitations.MAILS,
            *email.MAILS,
            "new_device",
            *mailed.MAILS,
            *(name for method in self._methods for name in method.mails),
        }
        if missing := sorted(needed - self._templates.names()):
            raise CannotStart(f"There are no templates for these mails: {', '.join(missing)}")


def _transport(settings: Settings, project: Project) -> Transport | None:
    if settings.smtp_url:
        return Smtp(settings.smtp_url, settings.mail_sender, project.name)
    if settings.production:
        logger.error("SMTP_URL: nothing is set, so mails wait in the outbox and are not sent")
        return None
    return Nowhere()
