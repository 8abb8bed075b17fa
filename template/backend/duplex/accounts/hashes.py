"""Hashes of random tokens."""

from hashlib import sha256
from secrets import token_urlsafe


def new_token() -> str:
    """256 random bits."""
    return token_urlsafe(32)


def token_hash(token: str) -> str:
    """The stored hash of a token: 256 random bits need no salt and no slow hash."""
    return sha256(token.encode(errors="replace")).hexdigest()
