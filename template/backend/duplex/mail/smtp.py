"""Sending one mail by SMTP."""

import asyncio
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

import aiosmtplib

from duplex.mail.table import OutgoingMail

TIMEOUT = 20.0
"""Seconds for each step of the conversation with the mail server."""

LONGEST = 60.0
"""Seconds for the whole conversation: less than the lease of a mail."""


class Undeliverable(Exception):
    """An attempt failed. `for_good`: another attempt would fail as well."""

    def __init__(self, why: str, *, for_good: bool) -> None:
        super().__init__(why)
        self.for_good = for_good


class Smtp:
    """The mail server behind `SMTP_URL`.

    `smtps://` uses TLS from the first byte. `smtp://` switches to TLS if the server offers it, and
    requires it if there is a password and the server is on another machine.
    """

    def __init__(self, url: str, sender: str, name: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 587)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = Address(name, addr_spec=sender)

    async def send(self, mail: OutgoingMail) -> None:
        """Deliver a mail to the server. Raises `Undeliverable`."""
        local = self._host in {"localhost", "127.0.0.1", "::1"}
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            use_tls=self._tls,
            start_tls=False if self._tls else (True if self._user and not local else None),
            username=self._user,
            password=self._password,
            timeout=TIMEOUT,
        )
        try:
            async with asyncio.timeout(LONGEST), client:
                # Not read from the message: its header is parsed, and could name another address.
                await client.send_message(self.message(mail), recipients=[_ascii_domain(mail.to)])
        except aiosmtplib.SMTPRecipientsRefused as error:
            for_good = all(500 <= one.code < 600 for one in error.recipients)
            raise Undeliverable(str(error), for_good=for_good) from None
        except (aiosmtplib.SMTPException, MessageError, OSError, ValueError) as error:
            raise Undeliverable(f"{type(error).__name__}: {error}", for_good=False) from None

    def message(self, mail: OutgoingMail) -> EmailMessage:
        """The mail as SMTP carries it."""
        message = EmailMessage(policy=POLICY)
        message["From"] = self._sender
        message["To"] = _ascii_domain(mail.to)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(mail.created_at)
        message["Message-ID"] = f"<{mail.id}@{self._sender.domain}>"
        # Keeps holiday notices and the like from answering.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        return message


def _ascii_domain(address: str) -> str:
    """The address with its domain as DNS and every mail server know it."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"
