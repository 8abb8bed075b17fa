"""People with an account, and how they sign in."""

from duplex.accounts import Accounts, password

accounts = Accounts(methods=[password.router])

__all__ = ["accounts"]
