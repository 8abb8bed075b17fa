"""`python -m tests.accounts.short_tokens`: the server with access tokens that last a few seconds."""

from unittest.mock import patch

from duplex import server
from duplex.accounts import tokens
from duplex.settings import base as settings

SECONDS = 4
"""The server asks for a newer one when half of them are over."""

if __name__ == "__main__":
    with patch.object(tokens, "LIFETIME", SECONDS):
        server.run(settings.load())
