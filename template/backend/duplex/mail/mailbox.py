"""`/dev/mailbox`: every mail, readable in the browser. Part of the application in development."""

from datetime import datetime
from html import escape

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from duplex.mail.table import OutgoingMail
from duplex.web.database import Database
from duplex.web.deps import DatabaseDep, is_line
from duplex.web.errors import not_found

_SHOWN = 100

_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'"
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " frame-ancestors 'self'; sandbox allow-popups allow-top-navigation-by-user-activation"
)
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:1rem auto;max-width:50rem;padding:0 1rem}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere}"
    "iframe{width:100%;height:28rem;border:1px solid #999}"
    "li{margin:.5rem 0}:root{color-scheme:light dark}"
)

router = APIRouter(prefix="/dev/mailbox", include_in_schema=False)


class MailShown(BaseModel):
    """A mail in the mailbox."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    to: str
    subject: str
    text: str
    html: str
    created_at: datetime


@router.get("")
async def show_mailbox(database: DatabaseDep, to: str | None = None) -> HTMLResponse:
    """List the newest mails."""
    items = "".join(
        f'<li><a href="/dev/mailbox/{mail.id}">{escape(mail.subject)}</a><br>'
        f"{escape(mail.to)}, {mail.created_at:%H:%M:%S} UTC</li>"
        for mail in await _mails(database, to)
    )
    return _page("Mailbox", f"<ul>{items}</ul>" if items else "<p>No mail was sent yet.</p>")


@router.get("/mails")
async def list_mails(database: DatabaseDep, to: str | None = None) -> list[MailShown]:
    """List the newest mails as JSON, for tests: `?to=` gives those to one address."""
    return [MailShown.model_validate(mail) for mail in await _mails(database, to)]


@router.get("/{mail_id}")
async def show_mail(mail_id: str, database: DatabaseDep) -> HTMLResponse:
    """Show one mail: its HTML as a mail program would, and its text."""
    mail = await _mail(mail_id, database)
    links = "".join(
        f'<p><a href="{escape(word)}">{escape(word)}</a></p>'
        for word in mail.text.split()
        if word.startswith(("http://", "https://"))
    )
    return _page(
        mail.subject,
        f'<p>To {escape(mail.to)}</p><iframe title="HTML" src="/dev/mailbox/{mail.id}/html">'
        f"</iframe><h2>Text</h2><pre>{escape(mail.text)}</pre>{links}"
        '<p><a href="/dev/mailbox">All mails</a></p>',
    )


@router.get("/{mail_id}/html")
async def show_mail_html(mail_id: str, database: DatabaseDep) -> HTMLResponse:
    """The HTML of a mail, for the frame of its page."""
    mail = await _mail(mail_id, database)
    headers = {"Content-Security-Policy": _MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return HTMLResponse(mail.html, headers=headers)


async def _mails(database: Database, to: str | None) -> list[OutgoingMail]:
    wanted = select(OutgoingMail).order_by(OutgoingMail.created_at.desc(), OutgoingMail.id)
    if to is not None:
        wanted = wanted.where(OutgoingMail.to == (to.strip().lower() if is_line(to) else ""))
    async with database.reading() as db:
        return list(await db.scalars(wanted.limit(_SHOWN)))


async def _mail(mail_id: str, database: Database) -> OutgoingMail:
    async with database.reading() as db:
        mail = await db.get(OutgoingMail, mail_id) if is_line(mail_id) else None
    if mail is None:
        raise not_found("mail")
    return mail


def _page(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport"'
        f' content="width=device-width"><title>{escape(title)}</title><style>{_STYLE}</style>'
        f"<h1>{escape(title)}</h1>{body}</html>",
        headers={"Content-Security-Policy": _PAGE_POLICY},
    )
