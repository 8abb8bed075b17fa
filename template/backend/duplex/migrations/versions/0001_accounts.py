"""Accounts, whatever the methods of signing in, and the outbox of mails."""

import sqlalchemy as sa
from alembic import op

revision = "duplex0001"
down_revision = None
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user_id"], ["users.id"], name=f"fk_{table}_user_id", ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "users",
        _text("id", 36),
        _text("email", 254),
        _moment("email_verified_at", nullable=True),
        _text("name", 80),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
    )
    _sign_ins()
    _credentials()
    _challenges()
    _records()
    op.create_table(
        "mails",
        _text("id", 36),
        _text("to", 254),
        _text("subject", 255),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        _moment("created_at"),
        _moment("due_at"),
        _moment("expires_at"),
        sa.Column("tries", sa.Integer(), nullable=False),
        _moment("done_at", nullable=True),
        _text("error", 255),
        sa.PrimaryKeyConstraint("id", name="pk_mails"),
    )
    op.create_index("ix_mails_due", "mails", ["done_at", "due_at"])


def _sign_ins() -> None:
    op.create_table(
        "sign_ins",
        _text("id", 36),
        _text("user_id", 36),
        sa.Column("generation", sa.Integer(), nullable=False),
        _text("methods", 80),
        _text("address", 64),
        _text("user_agent", 255),
        _moment("created_at"),
        _moment("confirmed_at"),
        _moment("rotated_at"),
        _moment("revoked_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
        _of_user("sign_ins"),
    )
    op.create_index("ix_sign_ins_user_id", "sign_ins", ["user_id"])
    op.create_table(
        "refresh_tokens",
        _text("token_hash", 64),
        _text("sign_in_id", 36),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_refresh_tokens"),
        sa.ForeignKeyConstraint(
            ["sign_in_id"],
            ["sign_ins.id"],
            name="fk_refresh_tokens_sign_in_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_refresh_tokens_sign_in_id", "refresh_tokens", ["sign_in_id"])
    op.create_table(
        "known_browsers",
        _text("id", 36),
        _text("user_id", 36),
        _text("token_hash", 64),
        _moment("seen_at"),
        sa.PrimaryKeyConstraint("id", name="pk_known_browsers"),
        _of_user("known_browsers"),
        sa.UniqueConstraint("user_id", "token_hash", name="uq_known_browsers_user_id"),
    )


def _credentials() -> None:
    op.create_table(
        "passwords",
        _text("user_id", 36),
        _text("hash", 255),
        sa.Column("suffices_alone", sa.Boolean(), nullable=False),
        _moment("changed_at"),
        sa.PrimaryKeyConstraint("user_id", name="pk_passwords"),
        _of_user("passwords"),
    )
    op.create_table(
        "totp_secrets",
        _text("user_id", 36),
        sa.Column("secret", sa.Text(), nullable=False),
        _moment("confirmed_at", nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_totp_secrets"),
        _of_user("totp_secrets"),
    )
    op.create_table(
        "recovery_codes",
        _text("user_id", 36),
        _text("code_hash", 64),
        _moment("used_at", nullable=True),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name="pk_recovery_codes"),
        _of_user("recovery_codes"),
    )
    op.create_table(
        "passkeys",
        _text("id", 36),
        _text("user_id", 36),
        _text("credential_id", 1400),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        _text("transports", 120),
        _text("name", 80),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        _moment("created_at"),
        _moment("used_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        _of_user("passkeys"),
        sa.UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),
    )
    op.create_index("ix_passkeys_user_id", "passkeys", ["user_id"])


def _challenges() -> None:
    op.create_table(
        "challenges",
        _text("fingerprint", 32),
        _text("purpose", 32),
        _text("user_id", 36, nullable=True),
        _text("kept_hash", 64, nullable=True),
        _text("mailed_hash", 64, nullable=True),
        _text("code_hash", 64, nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("expires_at"),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_challenges"),
        _of_user("challenges"),
    )
    op.create_index("ix_challenges_user_id", "challenges", ["user_id"])
    op.create_index("ix_challenges_expires_at", "challenges", ["expires_at"])
    op.create_table(
        "attempts",
        _text("key", 64),
        sa.Column("count", sa.Integer(), nullable=False),
        _moment("until"),
        sa.PrimaryKeyConstraint("key", name="pk_attempts"),
    )
    op.create_index("ix_attempts_until", "attempts", ["until"])


def _records() -> None:
    op.create_table(
        "sign_in_events",
        sa.Column("id", sa.Integer(), nullable=False),
        _moment("at"),
        _text("kind", 32),
        _text("user_id", 36, nullable=True),
        _text("email", 254),
        _text("detail", 200),
        _text("address", 64),
        _text("user_agent", 255),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_events"),
        _of_user("sign_in_events"),
    )
    op.create_index("ix_sign_in_events_at", "sign_in_events", ["at"])
    op.create_index("ix_sign_in_events_user_id", "sign_in_events", ["user_id", "at"])
    op.create_table(
        "audit_events",
        sa.Column("id", sa.Integer(), nullable=False),
        _moment("at"),
        _text("action", 40),
        _text("actor_id", 36, nullable=True),
        _text("actor", 254),
        _text("subject_id", 36, nullable=True),
        _text("subject", 254),
        sa.Column("detail", sa.Text(), nullable=False),
        _text("address", 64),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
    )
    for column in ("at", "action", "subject_id"):
        op.create_index(f"ix_audit_events_{column}", "audit_events", [column])


def downgrade() -> None:
    for table in (
        "mails",
        "audit_events",
        "sign_in_events",
        "attempts",
        "challenges",
        "passkeys",
        "recovery_codes",
        "totp_secrets",
        "passwords",
        "known_browsers",
        "refresh_tokens",
        "sign_ins",
        "users",
    ):
        op.drop_table(table)
