"""Mails of sign-in, from a request to a real mail server and to the mailbox of development."""

import asyncio

import pytest
from app.settings import Settings
from duplex import Application
from duplex.mail import smtp
from duplex.mail.table import OutgoingMail
from duplex.web.database import Database
from duplex_dev.machine.network import free_port
from duplex_dev.testing import PATIENCE, new_client
from sqlalchemy import select

from tests.accounts.conftest import NewDevice
from tests.accounts.people import Device
from tests.mail.conftest import MailServer, mail_server

__all__ = ["mail_server"]


async def test_a_mail_is_sent_through_the_configured_server(
    application: Application, settings: Settings, mail_server: MailServer
) -> None:
    with_server = settings.model_copy(
        update={"smtp_url": mail_server.url, "mail_from": "robot@example.org"}
    )
    app = application.create(with_server)
    async with app.router.lifespan_context(app) as state:
        app.state.lifespan = state
        async with new_client(app) as client:
            await Device(client, "ada@example.org").ask_for_account()
            async with asyncio.timeout(PATIENCE):
                while not mail_server.received:
                    await asyncio.sleep(0.02)
    (mail,) = mail_server.received
    assert mail["from"] == "Test Application <robot@example.org>"
    assert mail["subject"] == "Confirm your address for Test Application"


async def test_a_mail_server_that_hangs_blocks_no_request(
    application: Application,
    settings: Settings,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for limit in ("TIMEOUT", "LONGEST"):
        monkeypatch.setattr(smtp, limit, 100 * PATIENCE)
    port, ended = free_port(), asyncio.Event()

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", port):
        hanging = settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{port}"})
        app = application.create(hanging)
        context = app.router.lifespan_context(app)
        app.state.lifespan = await context.__aenter__()
        async with new_client(app) as client:
            async with asyncio.timeout(PATIENCE):
                asked = await Device(client, "ada@example.org").ask_for_account()
            assert asked.status_code == 202
        async with database.reading() as db:
            (row,) = await db.scalars(select(OutgoingMail))
        assert row.done_at is None
        # The stop waits for the mail that is being sent; without this, for its time limit.
        ended.set()
    await context.__aexit__(None, None, None)


async def test_the_mailbox_shows_every_mail(ada: Device, new_device: NewDevice) -> None:
    await new_device("bob@example.org").ask_for_account()
    page = await ada.http.get("/dev/mailbox")
    assert "ada@example.org" in page.text
    assert "bob@example.org" in page.text
    only = await ada.http.get("/dev/mailbox", params={"to": "bob@example.org"})
    assert "ada@example.org" not in only.text
    (mail,) = (await ada.http.get("/dev/mailbox/mails?to=bob@example.org")).json()
    shown = await ada.http.get(f"/dev/mailbox/{mail['id']}")
    assert "Create the account" not in shown.text
    assert "#token=" in shown.text
    html = await ada.http.get(f"/dev/mailbox/{mail['id']}/html")
    assert "Create the account" in html.text
    assert "sandbox" in html.headers["content-security-policy"]
    assert (await ada.http.get("/dev/mailbox/nothing")).status_code == 404


async def test_in_development_a_link_leads_to_the_requesting_page(new_device: NewDevice) -> None:
    device = new_device()
    await device.ask_for_account()
    assert (await device.mail()).link.startswith("http://test/sign-up/confirm#token=")


async def test_requests_cannot_change_the_address_of_links_if_public_url_is_set(
    application: Application, settings: Settings
) -> None:
    # Even if any name of the server is accepted.
    update = {"public_url": "https://app.example.org", "allowed_hosts": ("*",)}
    app = application.create(settings.model_copy(update=update))
    async with app.router.lifespan_context(app) as state:
        app.state.lifespan = state
        async with new_client(app) as client:
            client.headers.update(
                {
                    "Origin": "http://evil.example",
                    "Host": "evil.example",
                    "X-Forwarded-Host": "evil.example",
                }
            )
            device = Device(client, "ada@example.org")
            answer = await device.ask_for_account()
            assert answer.status_code == 202, answer.text
            assert (await device.mail()).link.startswith("https://app.example.org/sign-up/")
