"""`python -m app`: the server, as the settings say. `python -m app migrate`: the newest schema."""

import duplex

from app.settings import Settings

if __name__ == "__main__":
    duplex.main("app.main:create_app", Settings.load())
