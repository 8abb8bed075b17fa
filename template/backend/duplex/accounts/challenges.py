"""Challenges: proofs that a user has to give once, within minutes.

A mailed challenge has two tokens. One is mailed, the other is kept in a cookie of the browser that
made the request. They have the same fingerprint and different subjects. Both are needed: a stolen
mail is useless without the browser, and a stolen cookie without the mail. If the mail is opened in
another browser, the user types its short code into the first one.

Opening a link does not consume the challenge: only a POST with both tokens does.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from secrets import choice, token_hex
from typing import Any, Literal

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts.hashes import new_token, token_hash
from duplex.accounts.tables.challenges import Challenge
from duplex.web.database import Database, now
from duplex.web.deps import is_line
from duplex.web.errors import ApiError

LIFETIME = timedelta(minutes=10)
"""Of a mailed challenge."""

MOST_WRONG = 5
"""Wrong answers that end a challenge."""

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without characters that look like others."""

CODE_LENGTH = 8
"""40 bits; with five tries in ten minutes."""

Purpose = Literal[
    "sign-up",
    "sign-in",
    "recover",
    "recover-account",
    "email",
    "invitation",
    "second-step",
    "passkey",
]


@dataclass(frozen=True, slots=True)
class Issued:
    """A new challenge, with its tokens in the clear only here."""

    kept: str
    mailed: str
    code: str
    """As people read it: `ABCD-EFGH`."""
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class Verified:
    """A challenge with a correct answer. It takes effect when it is consumed."""

    fingerprint: str
    user_id: str | None
    data: dict[str, Any]


def issue(
    db: AsyncSession,
    purpose: Purpose,
    *,
    user_id: str | None = None,
    data: Mapping[str, object] | None = None,
    lifetime: timedelta = LIFETIME,
    kept: bool = True,
    mailed: bool = True,
) -> Issued:
    """Store a new challenge in a transaction."""
    fingerprint = token_hex(16)
    kept_subject, mailed_subject = new_token(), new_token()
    code = "".join(choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    db.add(
        Challenge(
            fingerprint=fingerprint,
            purpose=purpose,
            user_id=user_id,
            kept_hash=token_hash(kept_subject) if kept else None,
            mailed_hash=token_hash(mailed_subject) if mailed else None,
            code_hash=_code_hash(fingerprint, code) if kept and mailed else None,
            data=json.dumps(data or {}),
            expires_at=now() + lifetime,
        )
    )
    return Issued(
        kept=f"{fingerprint}.{kept_subject}",
        mailed=f"{fingerprint}.{mailed_subject}",
        code=f"{code[:4]}-{code[4:]}",
        lifetime=lifetime,
    )


async def verify_mailed(
    database: Database, purpose: Purpose, *, kept: str | None, mailed: str | None, code: str | None
) -> Verified:
    """Check the mailed token or the code against the browser's token.

    Raises ApiError: 410 `link_expired`, 409 `other_browser`, 403 `wrong_code`.
    """
    async with database.transaction() as db:
        by_mail = await _find(db, purpose, mailed, "mailed_hash")
        by_browser = await _find(db, purpose, kept, "kept_hash")
        if mailed:
            if by_mail is None:
                problem = expired()
            elif by_browser is not by_mail:
                problem = _other_browser()
            else:
                return _verified(by_mail)
        elif by_browser is None:
            problem = expired()
        elif _code_is_right(by_browser, code or ""):
            return _verified(by_browser)
        else:
            by_browser.wrong += 1
            problem = _wrong_code(MOST_WRONG - by_browser.wrong)
            if by_browser.wrong >= MOST_WRONG:
                await db.delete(by_browser)
    raise problem


async def verify_token(database: Database, purpose: Purpose, token: str) -> Verified:
    """Check a challenge that has one token: an invitation's mailed one, or the kept one.

    Raises ApiError 410 `link_expired`.
    """
    column = "mailed_hash" if purpose == "invitation" else "kept_hash"
    async with database.reading() as db:
        found = await _find(db, purpose, token, column)
    if found is None:
        raise expired()
    return _verified(found)


async def consume(db: AsyncSession, verified: Verified) -> None:
    """Consume a challenge. Raises ApiError 410 if another request has consumed it already."""
    used = await db.execute(
        delete(Challenge)
        .where(Challenge.fingerprint == verified.fingerprint)
        .returning(Challenge.fingerprint)
    )
    if used.first() is None:
        raise expired()


async def count_wrong(database: Database, verified: Verified) -> None:
    """Count a wrong answer of a challenge without a code; too many end it."""
    async with database.transaction() as db:
        wrong = await db.scalar(
            update(Challenge)
            .where(Challenge.fingerprint == verified.fingerprint)
            .values(wrong=Challenge.wrong + 1)
            .returning(Challenge.wrong)
            .execution_options(synchronize_session=False)
        )
        if wrong is not None and wrong >= MOST_WRONG:
            await db.execute(delete(Challenge).where(Challenge.fingerprint == verified.fingerprint))


async def withdraw(db: AsyncSession, user_id: str) -> None:
    """Delete every challenge of an account: its address or its password has changed."""
    await db.execute(delete(Challenge).where(Challenge.user_id == user_id))


def expired() -> ApiError:
    """The answer to a token that is unknown, used or too old."""
    return ApiError(
        410,
        "link_expired",
        "This link or code has expired or was used already. Please ask for a new one.",
    )


def _other_browser() -> ApiError:
    return ApiError(
        409,
        "other_browser",
        "This link was requested in another browser. Type the code of this mail in that browser.",
    )


def _wrong_code(left: int) -> ApiError:
    if left <= 0:
        return ApiError(403, "wrong_code", "This code is wrong. Please ask for a new one.")
    tries = "1 try is" if left == 1 else f"{left} tries are"
    return ApiError(403, "wrong_code", f"This code is wrong. {tries} left.")


async def _find(
    db: AsyncSession, purpose: Purpose, token: str | None, column: str
) -> Challenge | None:
    fingerprint, _, subject = (token or "").partition(".")
    if not subject or not is_line(fingerprint):
        return None
    found = await db.get(Challenge, fingerprint, with_for_update=True)
    if found is None or found.purpose != purpose or found.expires_at <= now():
        return None
    stored: str | None = getattr(found, column)
    right = stored is not None and hmac.compare_digest(stored, token_hash(subject))
    return found if right else None


def _code_is_right(found: Challenge, code: str) -> bool:
    typed = "".join(character for character in code.upper() if character.isalnum())
    given = _code_hash(found.fingerprint, typed)
    return found.code_hash is not None and hmac.compare_digest(found.code_hash, given)


def _code_hash(fingerprint: str, code: str) -> str:
    return token_hash(f"{fingerprint}:{code}")


def _verified(found: Challenge) -> Verified:
    return Verified(found.fingerprint, found.user_id, json.loads(found.data))
