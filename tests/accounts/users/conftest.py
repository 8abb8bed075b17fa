"""The people of the sign-in tests."""

from tests.accounts.conftest import ada, application, cheap_hashes, new_device

__all__ = ["ada", "application", "cheap_hashes", "new_device"]
