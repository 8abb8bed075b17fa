"""Mails are stored with what causes them, and sent once."""

import asyncio
from datetime import datetime, timedelta

import pytest
from duplex.mail import Mail, Outbox, delivery
from duplex.mail import outbox as outboxes
from duplex.mail.delivery import delivering
from duplex.mail.smtp import Smtp, Undeliverable
from duplex.mail.table import OutgoingMail
from duplex.web.database import Database, now
from duplex_dev.machine.network import free_port
from duplex_dev.testing import on_every_database
from sqlalchemy import select

from tests.mail.conftest import MailServer

SENDER = "app@example.org"


SUBJECT = "Gr\N{LATIN SMALL LETTER U WITH DIAERESIS}\N{LATIN SMALL LETTER SHARP S}e"


def mail(to: str = "ada@example.org") -> Mail:
    return Mail(to, SUBJECT, "The text\n", "<p>The <b>HTML</b></p>")


def smtp(server: MailServer) -> Smtp:
    return Smtp(server.url, SENDER, "Test Application")


async def put(database: Database, outbox: Outbox, *mails: Mail) -> None:
    async with database.transaction() as db:
        for one in mails:
            outbox.add(db, one)


async def rows(database: Database) -> list[OutgoingMail]:
    async with database.reading() as db:
        return list(await db.scalars(select(OutgoingMail).order_by(OutgoingMail.created_at)))


async def all_done(database: Database) -> list[OutgoingMail]:
    """Wait until no mail waits any more."""
    async with asyncio.timeout(20):
        while not all(one.done_at for one in await rows(database)):
            await asyncio.sleep(0.02)
    return await rows(database)


class Clock:
    """The time that the outbox goes by."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return now() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(outboxes, "now", made.now)
    monkeypatch.setattr(delivery, "now", made.now)
    return made


async def test_a_mail_arrives_in_html_and_text(
    database: Database, outbox: Outbox, mail_server: MailServer
) -> None:
    async with delivering(outbox, smtp(mail_server), keep_texts=False):
        await put(database, outbox, mail())
        (row,) = await all_done(database)
    (received,) = mail_server.received
    assert received["from"] == "Test Application <app@example.org>"
    assert (received["to"], received["subject"]) == ("ada@example.org", SUBJECT)
    assert received["auto-submitted"] == "auto-generated"
    assert received["message-id"] == f"<{row.id}@example.org>"
    text, html = received.get_body(["plain"]), received.get_body(["html"])
    assert text is not None
    assert html is not None
    assert text.get_content().strip() == "The text"
    assert "<b>HTML</b>" in html.get_content()
    # Links that sign in are not kept.
    assert (row.text, row.html, row.error) == ("", "", "")


async def test_a_rolled_back_transaction_sends_no_mail(
    database: Database, outbox: Outbox, mail_server: MailServer
) -> None:
    async with delivering(outbox, smtp(mail_server), keep_texts=False):
        async with database.transaction() as db:
            outbox.add(db, mail())
            await db.flush()
            await db.rollback()
        await put(database, outbox, mail("bob@example.org"))
        await all_done(database)
    assert mail_server.recipients == ["bob@example.org"]


@on_every_database
async def test_only_one_of_several_workers_sends_a_mail(
    database: Database, mail_server: MailServer
) -> None:
    outboxes = [Outbox(database) for _ in range(4)]
    addresses = [f"{number}@example.org" for number in range(12)]
    await put(database, outboxes[0], *(mail(address) for address in addresses))
    async with asyncio.TaskGroup() as group:
        over = asyncio.Event()

        async def work(outbox: Outbox) -> None:
            async with delivering(outbox, smtp(mail_server), keep_texts=False):
                await over.wait()

        for outbox in outboxes:
            group.create_task(work(outbox))
        await all_done(database)
        over.set()
    assert sorted(mail_server.recipients) == sorted(addresses)


async def test_a_server_that_is_down_is_tried_again_later(
    database: Database, outbox: Outbox, clock: Clock
) -> None:
    await put(database, outbox, mail())
    down = Smtp(f"smtp://127.0.0.1:{free_port()}", SENDER, "Test")
    waits: list[float] = []
    for _ in range(3):
        claimed = await outbox.claim()
        assert claimed is not None
        with pytest.raises(Undeliverable) as refused:
            await down.send(claimed)
        assert not refused.value.for_good
        assert not await outbox.failed(claimed, str(refused.value), for_good=False)
        # Not before its time.
        assert await outbox.claim() is None
        (row,) = await rows(database)
        waits.append((row.due_at - clock.now()).total_seconds())
        clock.ahead += timedelta(seconds=waits[-1] + 0.1)
    assert [round(wait, -1) for wait in waits] == [10, 20, 40]
    (row,) = await rows(database)
    assert (row.tries, row.done_at) == (3, None)
    assert "Connect" in row.error


async def test_a_temporary_refusal_delays_a_mail(
    database: Database, outbox: Outbox, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outboxes, "FIRST_WAIT", timedelta(milliseconds=20))
    mail_server.answers = ["451 Try again later", "451 Try again later"]
    async with delivering(outbox, smtp(mail_server), keep_texts=False):
        await put(database, outbox, mail())
        (row,) = await all_done(database)
    assert (row.tries, len(mail_server.received)) == (3, 1)


async def test_delivery_to_a_nonexistent_address_is_abandoned_at_once(
    database: Database, outbox: Outbox, mail_server: MailServer
) -> None:
    mail_server.refused = {"ada@example.org": "550 No such user"}
    async with delivering(outbox, smtp(mail_server), keep_texts=False):
        await put(database, outbox, mail())
        (row,) = await all_done(database)
    assert (row.tries, row.text) == (1, "")
    assert "No such user" in row.error
    assert mail_server.received == []


async def test_delivery_is_abandoned_when_the_mail_has_expired(
    database: Database, outbox: Outbox, mail_server: MailServer, clock: Clock
) -> None:
    await put(database, outbox, mail())
    clock.ahead = outboxes.WORTH_SENDING
    async with delivering(outbox, smtp(mail_server), keep_texts=False):
        (row,) = await all_done(database)
    assert (row.error, mail_server.received) == ("too old", [])


async def test_the_mail_of_a_dead_worker_is_sent_by_another_one(
    database: Database, outbox: Outbox, mail_server: MailServer, clock: Clock
) -> None:
    await put(database, outbox, mail())
    dead = await Outbox(database).claim()
    assert dead is not None
    assert await outbox.claim() is None
    clock.ahead = outboxes.LEASE
    async with delivering(outbox, smtp(mail_server), keep_texts=False):
        await all_done(database)
    assert len(mail_server.received) == 1


async def test_a_worker_that_lost_its_lease_changes_nothing(
    database: Database, outbox: Outbox, clock: Clock
) -> None:
    await put(database, outbox, mail())
    slow = await outbox.claim()
    clock.ahead = outboxes.LEASE
    quick = await outbox.claim()
    assert slow is not None
    assert quick is not None
    await outbox.delivered(quick, keep_texts=True)
    await outbox.failed(slow, "too slow", for_good=False)
    (row,) = await rows(database)
    assert (row.error, row.done_at is None) == ("", False)


async def test_a_stop_finishes_the_mail_that_is_being_sent(
    database: Database, outbox: Outbox
) -> None:
    sending, go_on = asyncio.Event(), asyncio.Event()
    sent: list[str] = []

    class Slow:
        async def send(self, mail: OutgoingMail) -> None:
            sending.set()
            await go_on.wait()
            sent.append(mail.to)

    async def stop_while_sending() -> None:
        async with delivering(outbox, Slow(), keep_texts=False):
            await put(database, outbox, mail())
            await sending.wait()

    stopping = asyncio.create_task(stop_while_sending())
    await sending.wait()
    go_on.set()
    await stopping
    (row,) = await rows(database)
    assert (sent, row.done_at is not None) == (["ada@example.org"], True)


async def test_the_password_of_the_url_signs_in(mail_server: MailServer) -> None:
    url = mail_server.url.replace("://", "://robot%40example.org:p%2Fw@")
    row = OutgoingMail(id="1", to="ada@example.org", subject="S", text="t", html="h")
    row.created_at = now()
    await Smtp(url, SENDER, "Test").send(row)
    assert mail_server.logins == [("robot@example.org", "p/w")]


async def test_old_rows_are_deleted(database: Database, outbox: Outbox, clock: Clock) -> None:
    await put(database, outbox, mail(), mail("bob@example.org"))
    claimed = await outbox.claim()
    assert claimed is not None
    await outbox.delivered(claimed, keep_texts=False)
    clock.ahead = outboxes.KEPT + timedelta(seconds=1)
    await outbox.forget_old()
    assert [row.done_at for row in await rows(database)] == [None]


async def test_a_domain_in_another_script_reaches_every_mail_server(
    database: Database, outbox: Outbox, mail_server: MailServer
) -> None:
    async with delivering(outbox, smtp(mail_server), keep_texts=False):
        await put(
            database, outbox, mail("ada@b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example")
        )
        await all_done(database)
    assert mail_server.recipients == ["ada@xn--bcher-kva.example"]
