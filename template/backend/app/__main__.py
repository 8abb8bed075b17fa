"""`python -m app` serves the application, `python -m app migrate` updates the database's schema.

With sign-in, `python -m app create-admin EMAIL` creates an admin.
"""

import duplex
from app.settings import Settings

if __name__ == "__main__":
    duplex.main("app.main:create_app", Settings.load())
