"""The table of users: the engine's columns, and yours."""

from duplex.accounts import Account


class User(Account):
    """An account.

    A column of your own is declared here, with a default, and added to the table by a migration:
    `uv run poe migration`.
    """
