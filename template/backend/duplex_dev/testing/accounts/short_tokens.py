"""`python -m duplex_dev.testing.accounts.short_tokens`: serves with access tokens of 10 seconds.

The browser tests of expiring sign-ins use it. The page renews a token after half of its lifetime.
"""

from unittest.mock import patch

from duplex import server
from duplex.accounts.sign_in import tokens
from duplex_dev.project import load_settings

SECONDS = 10
"""A busy machine has the other half, 5 seconds, for the renewal."""

if __name__ == "__main__":
    with patch.object(tokens, "LIFETIME", SECONDS):
        server.run("app.main:create_app", load_settings())
