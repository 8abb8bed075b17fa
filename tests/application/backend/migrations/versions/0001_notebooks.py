"""Notebooks and the members of sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notebooks",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notebooks"),
    )
    op.create_table(
        "members",
        sa.Column("session", sa.String(64), nullable=False),
        sa.Column("user", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("session", "user", name="pk_members"),
    )


def downgrade() -> None:
    op.drop_table("members")
    op.drop_table("notebooks")
