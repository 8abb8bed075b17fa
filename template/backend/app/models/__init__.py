"""Your tables. Each module is imported here, so that Alembic sees its tables."""

from app.models import saved

__all__ = ["saved"]
