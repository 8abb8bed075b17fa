"""Secrets and recovery codes: how they are kept, checked and used up."""

import base64
import hmac
import logging
from collections.abc import Sequence
from hashlib import sha256
from secrets import token_bytes
from time import time

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pyotp.totp import TOTP
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts.hashes import token_hash
from duplex.accounts.services import Services
from duplex.accounts.tables.credentials import RecoveryCode, TotpSecret
from duplex.web.database import now

logger = logging.getLogger(__name__)

STEP = 30
"""Seconds of one time step."""

AROUND = 1
"""Steps before and after the present one that are accepted: clocks differ."""

RECOVERY_CODES = 10

_CODE_BYTES = 15
"""120 random bits for each recovery code: enough for a plain hash."""


async def is_on(db: AsyncSession, user_id: str) -> bool:
    """Whether an account has confirmed its app."""
    found = select(TotpSecret.user_id).where(
        TotpSecret.user_id == user_id, TotpSecret.confirmed_at.is_not(None)
    )
    return await db.scalar(found) is not None


def seal(services: Services, secret: str) -> str:
    """The secret, encrypted: a copy of the database is not enough to make codes."""
    return _cipher(services.settings.secret_keys).encrypt(secret.encode()).decode()


def unseal(services: Services, stored: str) -> str | None:
    """The secret; None when it was stored under a key that is not in SECRET_KEY any more."""
    try:
        return _cipher(services.settings.secret_keys).decrypt(stored.encode()).decode()
    except InvalidToken:
        logger.error("an authenticator app's secret cannot be decrypted: its key is not set")
        return None


async def use_code(
    services: Services, db: AsyncSession, user_id: str, code: str, *, confirming: bool = False
) -> bool:
    """Check a code of the app, and use up its time step: no code counts twice.

    `confirming`: the first code, of a secret that is not on yet.
    """
    found = await db.get(TotpSecret, user_id, with_for_update=True)
    if found is None or (found.confirmed_at is None) is not confirming:
        return False
    secret = unseal(services, found.secret)
    if secret is None:
        return False
    step = _matching_step(secret, "".join(code.split()))
    if step is None or step <= found.last_step:
        return False
    found.last_step = step
    return True


async def use_recovery_code(db: AsyncSession, user_id: str, code: str) -> bool:
    """Check a recovery code, and use it up."""
    used = await db.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == _code_hash(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now())
        .returning(RecoveryCode.code_hash)
        .execution_options(synchronize_session=False)
    )
    return used.first() is not None


async def new_recovery_codes(db: AsyncSession, user_id: str) -> list[str]:
    """Make new recovery codes; the old ones become invalid."""
    await db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    db.add_all(RecoveryCode(user_id=user_id, code_hash=_code_hash(code)) for code in codes)
    return codes


async def recovery_codes_left(db: AsyncSession, user_id: str) -> int:
    """How many were not used yet."""
    unused = select(func.count(RecoveryCode.code_hash)).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    return await db.scalar(unused) or 0


async def remove(db: AsyncSession, user_id: str) -> None:
    """Forget the app and its recovery codes."""
    await db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    await db.execute(delete(TotpSecret).where(TotpSecret.user_id == user_id))


async def encrypt_anew(services: Services) -> None:
    """Encrypt every secret with the newest key."""
    cipher = _cipher(services.settings.secret_keys)
    newest = _fernet(services.settings.secret_keys[0])
    async with services.database.transaction() as db:
        for found in await db.scalars(select(TotpSecret).with_for_update()):
            stored = found.secret.encode()
            try:
                newest.decrypt(stored)
            except InvalidToken:
                try:
                    found.secret = cipher.rotate(stored).decode()
                except InvalidToken:
                    logger.warning("the authenticator app of %s has no key", found.user_id)


def _matching_step(secret: str, code: str) -> int | None:
    present = int(time()) // STEP
    app = TOTP(secret, interval=STEP)
    given = code.encode()
    matching = [
        step
        for step in range(present - AROUND, present + AROUND + 1)
        if hmac.compare_digest(app.generate_otp(step).encode(), given)
    ]
    return max(matching, default=None)


def _new_code() -> str:
    letters = base64.b32encode(token_bytes(_CODE_BYTES)).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def _code_hash(code: str) -> str:
    return token_hash("".join(letter for letter in code.lower() if letter.isalnum()))


def _cipher(secrets: Sequence[str]) -> MultiFernet:
    return MultiFernet([_fernet(secret) for secret in secrets])


def _fernet(secret: str) -> Fernet:
    # A key of its own, as for access tokens.
    return Fernet(base64.urlsafe_b64encode(hmac.digest(secret.encode(), b"totp secrets", sha256)))
