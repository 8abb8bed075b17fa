"""Run by Alembic: the migrations of your tables.

Keyword arguments of `run_migrations` go to Alembic's `context.configure`.
"""

from app.main import application
from app.settings import Settings
from duplex import run_migrations

application.import_models()
run_migrations(Settings)
