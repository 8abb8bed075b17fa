"""`python -m tests.auth.short_tokens`: the server with access tokens that last a few seconds."""

from unittest.mock import patch

from app import settings
from app.auth import tokens
from app.session import server

SECONDS = 4
"""The server asks for a newer one when half of them are over."""

if __name__ == "__main__":
    with patch.object(tokens, "LIFETIME", SECONDS):
        server.run(settings.load())
