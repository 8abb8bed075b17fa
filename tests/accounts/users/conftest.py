"""The people of the sign-in tests."""

from tests.accounts.conftest import ada, cheap_hashes, new_device

__all__ = ["ada", "cheap_hashes", "new_device"]
