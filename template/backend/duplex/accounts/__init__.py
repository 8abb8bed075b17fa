"""Accounts and signing in. Each method is a package of its own under `duplex.accounts.methods`."""

from duplex.accounts.accounts import Accounts
from duplex.accounts.profile import Profile
from duplex.accounts.sign_in.current import Active, ActiveDep, AdminDep, FreshDep
from duplex.accounts.tables.account import Account

__all__ = ["Account", "Accounts", "Active", "ActiveDep", "AdminDep", "FreshDep", "Profile"]
