"""Signing in with an e-mail address and a password.

No answer tells whether an address has an account. Without mail, signing up cannot hide it
completely: the address is either free or not. So signing up with a taken address gets the same
refusal as any other details that cannot be used, takes as long, and is limited per network
address. A method that sends mail can answer the same in both cases.
"""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts import attempts, families
from duplex.accounts.answers import OwnPage, SignedIn, answer
from duplex.accounts.current import ActiveDep
from duplex.accounts.hashing import hash_password, is_outdated, verify_password
from duplex.accounts.users import Email, Name, User
from duplex.settings.base import PASSWORD_LENGTH
from duplex.socket.addresses import neighbourhood
from duplex.web.database import Database
from duplex.web.deps import DatabaseDep, EngineDep, SettingsDep
from duplex.web.errors import ApiError, Problem

LONGEST_PASSWORD = 128
"""Characters."""


def _check_new(password: object) -> object:
    if isinstance(password, str) and not PASSWORD_LENGTH <= len(password) <= LONGEST_PASSWORD:
        raise ValueError(f"it needs {PASSWORD_LENGTH} to {LONGEST_PASSWORD} characters")
    if isinstance(password, str) and not password.strip():
        raise ValueError("it needs more than spaces")
    return password


def _check_text(password: SecretStr) -> SecretStr:
    # JSON can spell half of a character, which has no bytes to hash.
    if any("\ud800" <= character <= "\udfff" for character in password.get_secret_value()):
        raise ValueError("it holds half of a character")
    return password


GivenPassword = Annotated[
    SecretStr, Field(min_length=1, max_length=LONGEST_PASSWORD), AfterValidator(_check_text)
]
NewPassword = Annotated[
    SecretStr,
    Field(min_length=PASSWORD_LENGTH, max_length=LONGEST_PASSWORD),
    BeforeValidator(_check_new),
    AfterValidator(_check_text),
]

_WRONG = "The e-mail address or the password is wrong."
_ANOTHER = "Your current password is another one."

router = APIRouter(
    prefix="/api/v1/auth",
    tags=["sign-in"],
    dependencies=[OwnPage],
    responses={403: {"model": Problem}, 429: {"model": Problem}},
)


class SignUpForm(BaseModel):
    """A new account."""

    email: Email
    name: Name
    password: NewPassword


class SignInForm(BaseModel):
    """An account and its password."""

    email: Email
    password: GivenPassword


class PasswordChange(BaseModel):
    """The password as it is, and as it shall be."""

    current_password: GivenPassword
    new_password: NewPassword


@router.post("/sign-up", status_code=201)
async def sign_up(
    form: SignUpForm,
    request: Request,
    response: Response,
    settings: SettingsDep,
    database: DatabaseDep,
) -> SignedIn:
    """Make an account and sign in."""
    await attempts.count(database, attempts.PER_ADDRESS, "sign-up", neighbourhood(request.client))
    stored = await hash_password(form.password.get_secret_value())
    try:
        async with database.transaction() as db:
            user = User(email=form.email, name=form.name, password_hash=stored)
            db.add(user)
            await db.flush()
            granted = await families.start(db, user)
    except IntegrityError:
        raise ApiError(
            422,
            "refused",
            "No account can be made with these details. If you have one already, sign in.",
        ) from None
    return answer(response, settings, granted)


@router.post("/sign-in", responses={401: {"model": Problem}})
async def sign_in(
    form: SignInForm,
    request: Request,
    response: Response,
    settings: SettingsDep,
    database: DatabaseDep,
) -> SignedIn:
    """Sign in."""
    here = neighbourhood(request.client)
    await attempts.count(database, attempts.PER_ADDRESS, "sign-in", here)
    await attempts.count(database, attempts.PER_ACCOUNT, "sign-in", here, form.email)
    async with database.reading() as db:
        user = await db.scalar(select(User).where(User.email == form.email))
    user = await _checked(user, form.password)
    if user is None:
        raise ApiError(401, "not_signed_in", _WRONG)
    await _renew_hash(database, user, form.password)
    async with database.transaction() as db:
        if not await _is_still(db, user):
            raise ApiError(401, "not_signed_in", _WRONG)
        await attempts.forget(db, attempts.PER_ACCOUNT, "sign-in", here, form.email)
        granted = await families.start(db, user)
    return answer(response, settings, granted)


@router.post("/change-password", responses={401: {"model": Problem}})
async def change_password(
    change: PasswordChange,
    active: ActiveDep,
    response: Response,
    settings: SettingsDep,
    database: DatabaseDep,
    engine: EngineDep,
) -> SignedIn:
    """Change your password; every other device is signed out, and every open session closed."""
    await attempts.count(database, attempts.PER_ACCOUNT, "change-password", active.user.id)
    if await _checked(active.user, change.current_password) is None:
        raise ApiError(403, "forbidden", _ANOTHER)
    stored = await hash_password(change.new_password.get_secret_value())
    async with database.transaction() as db:
        if not await _is_still(db, active.user):
            raise ApiError(403, "forbidden", _ANOTHER)
        user = await db.get_one(User, active.user.id)
        user.password_hash = stored
        await families.revoke_all(db, user.id)
        granted = await families.start(db, user)
    await engine.revoke(user.id)
    return answer(response, settings, granted)


async def _checked(user: User | None, password: SecretStr) -> User | None:
    stored = None if user is None or not user.is_active else user.password_hash
    return user if await verify_password(stored, password.get_secret_value()) else None


async def _renew_hash(database: Database, user: User, password: SecretStr) -> None:
    """Store the password anew when Argon2's parameters have become stronger."""
    if user.password_hash is None or not is_outdated(user.password_hash):
        return
    stored = await hash_password(password.get_secret_value())
    async with database.transaction() as db:
        if await _is_still(db, user):
            (await db.get_one(User, user.id)).password_hash = user.password_hash = stored


async def _is_still(db: AsyncSession, user: User) -> bool:
    """Whether nobody changed the password, or deactivated the account, while it was checked.

    Holds the account until the transaction ends.
    """
    now = await db.scalar(select(User).where(User.id == user.id).with_for_update())
    return now is not None and now.is_active and now.password_hash == user.password_hash
