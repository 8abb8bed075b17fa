"""Registration and sign-in with WebAuthn, as the library checks them."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import webauthn
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from duplex.accounts import challenges
from duplex.accounts.browser.visit import Visit
from duplex.accounts.challenges import Verified
from duplex.accounts.services import Services
from duplex.accounts.tables.account import Account
from duplex.accounts.tables.credentials import Passkey
from duplex.web.errors import ApiError

LIFETIME = timedelta(minutes=5)
"""Time between the options and the answer of the authenticator."""

LONGEST_ID = 1023
"""Bytes of a credential's id, as the standard allows."""


class Ceremony(BaseModel):
    """The options for the browser's WebAuthn, and the id to return with its answer."""

    ceremony: str
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Registered:
    """A new credential that was checked."""

    credential_id: str
    public_key: bytes
    sign_count: int
    backed_up: bool


async def begin_registration(
    services: Services, db: AsyncSession, visit: Visit, user: Account
) -> Ceremony:
    """Options for a new passkey; those that the account has are not made again."""
    passkeys = await db.scalars(select(Passkey).where(Passkey.user_id == user.id))
    options = webauthn.generate_registration_options(
        rp_id=_host(visit),
        rp_name=services.project.name,
        user_id=user.id.encode(),
        user_name=user.email,
        user_display_name=user.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[_descriptor(one) for one in passkeys],
    )
    return _issue(db, "register", options.challenge, webauthn.options_to_json(options), user.id)


def finish_registration(verified: Verified, visit: Visit, credential: dict[str, Any]) -> Registered:
    """Check the authenticator's answer. Raises ApiError 403 `wrong_passkey`."""
    try:
        done = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=_challenge(verified, "register"),
            expected_rp_id=_host(visit),
            expected_origin=visit.origin,
            require_user_verification=True,
        )
    except Exception as error:
        # On invalid input the library raises exceptions of many types.
        raise wrong_passkey() from error
    if len(done.credential_id) > LONGEST_ID:
        raise wrong_passkey()
    return Registered(
        bytes_to_base64url(done.credential_id),
        done.credential_public_key,
        done.sign_count,
        done.credential_backed_up,
    )


def begin_sign_in(db: AsyncSession, visit: Visit) -> Ceremony:
    """Options for signing in with any passkey of this project: the device shows which there are."""
    options = webauthn.generate_authentication_options(
        rp_id=_host(visit), user_verification=UserVerificationRequirement.REQUIRED
    )
    return _issue(db, "sign-in", options.challenge, webauthn.options_to_json(options), None)


def finish_sign_in(
    verified: Verified, visit: Visit, passkey: Passkey, credential: dict[str, Any]
) -> int:
    """Check the authenticator's answer; returns its counter.

    The library refuses a counter that has not grown, which a copied key would show.
    Raises ApiError 403 `wrong_passkey`.
    """
    try:
        done = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=_challenge(verified, "sign-in"),
            expected_rp_id=_host(visit),
            expected_origin=visit.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except Exception as error:
        raise wrong_passkey() from error
    return done.new_sign_count


def wrong_passkey() -> ApiError:
    """The same error for every fault of a passkey."""
    return ApiError(403, "wrong_passkey", "This passkey was not accepted.")


def _issue(
    db: AsyncSession, kind: str, challenge: bytes, options: str, user_id: str | None
) -> Ceremony:
    issued = challenges.issue(
        db,
        "passkey",
        user_id=user_id,
        data={"kind": kind, "challenge": bytes_to_base64url(challenge)},
        lifetime=LIFETIME,
        mailed=False,
    )
    return Ceremony(ceremony=issued.kept, options=json.loads(options))


def _challenge(verified: Verified, kind: str) -> bytes:
    if verified.data["kind"] != kind:
        raise wrong_passkey()
    return base64url_to_bytes(verified.data["challenge"])


def _host(visit: Visit) -> str:
    return urlsplit(visit.origin).hostname or ""


def _descriptor(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(
        id=base64url_to_bytes(passkey.credential_id),
        transports=[AuthenticatorTransport(word) for word in passkey.transports.split()],
    )
