"""Run by Alembic: the migrations of the engine's tables. A release of Duplex may add some."""

from duplex.web.migrate import run_engine_migrations

run_engine_migrations()
