"""The mark for tests of a promise that every database has to keep."""

import pytest

on_every_database = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
