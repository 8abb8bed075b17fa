"""The tables of sign-in are known by name to projects that have removed it."""

from duplex import Base
from duplex.web.migrate import ACCOUNT_TABLES, left_by_accounts
from sqlalchemy import Table

from tests.accounts.people import accounts


def test_every_table_of_accounts_is_listed() -> None:
    assert accounts() is not None
    mapped = {
        table.name
        for mapper in Base.registry.mappers
        if mapper.class_.__module__.startswith(("duplex.accounts", "duplex.mail"))
        for table in mapper.tables
        if isinstance(table, Table)
    }
    assert mapped | {"users"} == ACCOUNT_TABLES


def test_a_new_migration_drops_no_table_of_removed_accounts() -> None:
    assert left_by_accounts("users", True, None)
    assert not left_by_accounts("boards", True, None)
    # A model of the team's with this name is compared as usual.
    assert not left_by_accounts("users", True, object())
    assert not left_by_accounts("users", False, None)
