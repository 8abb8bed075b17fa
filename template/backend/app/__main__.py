"""`python -m app`: the server, as the settings say."""

from app import settings
from app.session import server

if __name__ == "__main__":
    server.run(settings.load())
