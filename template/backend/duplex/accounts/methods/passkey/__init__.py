"""Passkeys (WebAuthn): several for each account, as the first or the only way to sign in."""

from collections.abc import Sequence

from fastapi import APIRouter

from duplex.accounts.methods.base import Method
from duplex.accounts.methods.passkey import keys, recovery, sign_in

__all__ = ["Passkeys"]


class Passkeys(Method):
    """A passkey of the device or of a security key. It counts as two factors."""

    mails = ("passkeys_changed", "recover_account")
    signs_up = True

    def routers(self) -> Sequence[APIRouter]:
        """Adding and removing passkeys, signing in, and getting in without one by mail."""
        return (sign_in.router, recovery.router, keys.router)
