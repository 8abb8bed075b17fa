"""Refresh tokens: opaque and used once. An old token that is used again ends the sign-in.

All tokens of one sign-in are a *family*. Every rotation moves the family to its next generation. A
token of the current generation is rotated; a token of the previous one is still accepted for
`GRACE`; an older one can only be a copy, so the whole family is revoked.

The grace is for legitimate duplicates: two tabs that refresh at the same moment, or a page that was
reloaded before it received the new cookie. Both get a token of the *current* generation, so the
family does not fork: as soon as one of them is used, the other one is old, and a thief who used the
grace is detected at the next refresh of either.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts.hashes import new_token, token_hash
from duplex.accounts.tables.account import Account
from duplex.accounts.tables.lengths import ADDRESS_MAX
from duplex.accounts.tables.sign_ins import RefreshToken, SignIn
from duplex.web.database import now

GRACE = timedelta(seconds=10)
"""How long the token before the present one is still accepted as an honest duplicate."""

IDLE = timedelta(days=14)
"""A device that did not refresh for so long has to sign in again."""

LONGEST = timedelta(days=90)
"""After this time every device has to sign in again."""

_REMEMBERED = 200
"""Generations whose hashes are kept to recognise copies; older tokens are unknown."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A new refresh token, in the clear only here, and the sign-in it belongs to."""

    sign_in: SignIn
    token: str

    @property
    def seconds(self) -> float:
        """How long the token is good for, if it is not used."""
        return min(IDLE, self.sign_in.created_at + LONGEST - now()).total_seconds()


@dataclass(frozen=True, slots=True)
class Ended:
    """A sign-in that was just revoked, and its user."""

    user_id: str
    sign_in_id: str


async def start(
    db: AsyncSession, user: Account, *, methods: str = "", address: str = "", user_agent: str = ""
) -> Granted:
    """Begin a family, and clear away those of the user that are over."""
    await db.execute(
        delete(SignIn).where(
            SignIn.user_id == user.id,
            or_(SignIn.rotated_at < now() - IDLE, SignIn.created_at < now() - LONGEST),
        )
    )
    sign_in = SignIn(
        user_id=user.id,
        methods=methods,
        address=address[:ADDRESS_MAX],
        user_agent=user_agent,
        created_at=now(),
        confirmed_at=now(),
        rotated_at=now(),
    )
    db.add(sign_in)
    await db.flush()
    return Granted(sign_in, _issue(db, sign_in))


async def rotate(db: AsyncSession, token: str) -> Granted | Ended | None:
    """Take a refresh token for a new one; None when it is not, or no longer, good.

    `Ended` when it can only be a copy: then its family was revoked, which the caller commits.
    The caller checks that the account is active.
    """
    shown = await db.get(RefreshToken, token_hash(token))
    if shown is None:
        return None
    # The lock makes two tabs refresh one after the other.
    sign_in = await db.get_one(SignIn, shown.sign_in_id, with_for_update=True)
    if not is_alive(sign_in):
        return None
    if shown.generation == sign_in.generation:
        sign_in.generation += 1
        sign_in.rotated_at = now()
        await _forget(db, sign_in)
    elif shown.generation < sign_in.generation - 1 or now() - sign_in.rotated_at > GRACE:
        sign_in.revoked_at = now()
        return Ended(sign_in.user_id, sign_in.id)
    return Granted(sign_in, _issue(db, sign_in))


async def renew(db: AsyncSession, sign_in: SignIn) -> Granted:
    """Make a new refresh token for a sign-in that was confirmed: the present one is spent."""
    sign_in.generation += 1
    sign_in.rotated_at = now()
    await _forget(db, sign_in)
    return Granted(sign_in, _issue(db, sign_in))


async def revoke(db: AsyncSession, token: str) -> Ended | None:
    """End the sign-in that a refresh token belongs to; an unknown token changes nothing."""
    shown = await db.get(RefreshToken, token_hash(token))
    if shown is None:
        return None
    sign_in = await db.get_one(SignIn, shown.sign_in_id)
    await _revoke_where(db, SignIn.id == sign_in.id)
    return Ended(sign_in.user_id, sign_in.id)


async def revoke_one(db: AsyncSession, user_id: str, sign_in_id: str) -> bool:
    """End one sign-in of a user; False if it does not exist."""
    return await _revoke_where(db, SignIn.user_id == user_id, SignIn.id == sign_in_id)


async def revoke_all(db: AsyncSession, user_id: str, *, but: str | None = None) -> None:
    """End every sign-in of a user, or every other one."""
    await _revoke_where(db, SignIn.user_id == user_id, SignIn.id != (but or ""))


async def unconfirm(db: AsyncSession, user_id: str, *, but: str) -> None:
    """Make every other sign-in of a user prove who it is before its next sensitive change."""
    await db.execute(
        update(SignIn)
        .where(SignIn.user_id == user_id, SignIn.id != but)
        .values(confirmed_at=now() - LONGEST)
        .execution_options(synchronize_session=False)
    )


def is_alive(sign_in: SignIn) -> bool:
    """Whether its tokens, access tokens included, still count."""
    return (
        sign_in.revoked_at is None
        and now() - sign_in.rotated_at < IDLE
        and now() - sign_in.created_at < LONGEST
    )


def _issue(db: AsyncSession, sign_in: SignIn) -> str:
    token = new_token()
    db.add(
        RefreshToken(
            token_hash=token_hash(token), sign_in_id=sign_in.id, generation=sign_in.generation
        )
    )
    return token


async def _forget(db: AsyncSession, sign_in: SignIn) -> None:
    await db.execute(
        delete(RefreshToken).where(
            RefreshToken.sign_in_id == sign_in.id,
            RefreshToken.generation < sign_in.generation - _REMEMBERED,
        )
    )


async def _revoke_where(db: AsyncSession, *conditions: ColumnElement[bool]) -> bool:
    ended = await db.execute(
        update(SignIn)
        .where(*conditions, SignIn.revoked_at.is_(None))
        .values(revoked_at=now())
        .returning(SignIn.id)
        .execution_options(synchronize_session=False)
    )
    return ended.first() is not None
