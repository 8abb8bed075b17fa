"""Access tokens: signed, short-lived, held in the page's memory."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from time import time
from typing import Any

import jwt

LIFETIME = 600
"""Seconds an access token is good for."""

TYPE = "at+jwt"
"""Tells it from any other token that is signed (RFC 9068)."""


@dataclass(frozen=True, slots=True)
class Access:
    """The claims of an access token."""

    user_id: str
    sign_in_id: str
    expires: float
    """Unix time in seconds."""


class BadTokenError(Exception):
    """Not a token of ours, or one that is over."""


def sign(keys: Sequence[str], audience: str, user_id: str, sign_in_id: str) -> str:
    """Make an access token, signed with the newest key. `audience`: the project's slug."""
    issued = int(time())
    claims = {
        "aud": audience,
        "sub": user_id,
        "sid": sign_in_id,
        "iat": issued,
        "exp": issued + LIFETIME,
    }
    key = _derive(keys[0])
    # PyJWT's own types name those of `cryptography`, which HS256 does not need.
    encode = jwt.encode  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return encode(claims, key, algorithm="HS256", headers={"kid": _key_id(key), "typ": TYPE})


def read(keys: Sequence[str], audience: str, token: str) -> Access:
    """Check a token against the keys, newest first; raises BadTokenError."""
    derived = {_key_id(key): key for key in map(_derive, keys)}
    try:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != TYPE:
            raise BadTokenError
        key = derived[str(header.get("kid"))]
        decode = jwt.decode  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        claims: dict[str, Any] = decode(
            token,
            key,
            algorithms=["HS256"],
            audience=audience,
            options={"require": ["aud", "sub", "sid", "exp"]},
        )
    except (jwt.InvalidTokenError, KeyError) as error:
        raise BadTokenError from error
    return Access(str(claims["sub"]), str(claims["sid"]), float(claims["exp"]))


def _derive(secret: str) -> bytes:
    # A derived key: values that other parts sign with SECRET_KEY are not valid here.
    return hmac.digest(secret.encode(), b"access token", sha256)


def _key_id(key: bytes) -> str:
    return sha256(key).hexdigest()[:12]
