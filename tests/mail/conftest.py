"""Mail against a real SMTP server on loopback."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from duplex.mail import Outbox
from duplex.web.database import Database
from duplex_dev.machine.network import free_port


@dataclass
class MailServer:
    """A mail server that keeps what it gets; `answers` are used up before it accepts anything."""

    port: int = 0
    received: list[EmailMessage] = field(default_factory=list[EmailMessage])
    recipients: list[str] = field(default_factory=list[str])
    answers: list[str] = field(default_factory=list[str])
    refused: dict[str, str] = field(default_factory=dict[str, str])
    logins: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def url(self) -> str:
        """For `SMTP_URL`."""
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        """Accept a recipient or not."""
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail, or refuse it."""
        if self.answers:
            return self.answers.pop(0)
        content = cast("bytes", envelope.content)
        self.received.append(message_from_bytes(content, policy=policy.default))
        self.recipients += [str(one) for one in envelope.rcpt_tos]
        return "250 OK"

    def authenticate(self, *given: Any) -> AuthResult:
        """Accept every login, and keep it."""
        login = cast("LoginPassword", given[-1])
        self.logins.append((login.login.decode(), login.password.decode()))
        return AuthResult(success=True)


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A running mail server."""
    handler = MailServer(free_port())
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=handler.port,
        authenticator=handler.authenticate,
        auth_require_tls=False,
    )
    controller.start()
    yield handler
    controller.stop()


@pytest.fixture
def outbox(database: Database) -> Outbox:
    """The outbox of one worker."""
    return Outbox(database)
