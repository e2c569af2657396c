"""People, members, sessions; row-level security on every tenant table, and roles that obey it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from control_plane.row_security import keep_to_platform, protect, protect_people, roles

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ROLES = "role IN ('owner', 'admin', 'developer', 'analyst', 'billing', 'read-only')"
_READ = ("SELECT",)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _created(name: str = "created_at") -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def upgrade() -> None:
    """Create tables and columns, then give each table to those who may see it."""
    op.add_column("tenants", sa.Column("display_name", sa.String(100), server_default="", nullable=False))
    for column in (
        sa.Column("name", sa.String(100), server_default="", nullable=False),
        sa.Column("environment", sa.String(10), server_default="live", nullable=False),
        _moment("last_used_at"),
        _text("rotated_to", 40, nullable=True),
    ):
        op.add_column("api_keys", column)
    op.create_check_constraint(
        op.f("ck_api_keys_environment_is_known"), "api_keys", "environment IN ('live', 'test')"
    )
    _people()
    _sessions()
    _logins()
    statements = [
        *roles(),
        *protect("tenants", tenant=_READ, platform=("SELECT", "INSERT")),
        "GRANT UPDATE (display_name) ON tenants TO recolake_tenant",
        *protect("api_keys", tenant=("SELECT", "INSERT", "UPDATE")),
        *protect("members"),
        *protect("invitations", tenant=("SELECT", "INSERT", "UPDATE")),
        *protect("sessions", tenant=("SELECT", "UPDATE")),
        *protect("refresh_tokens", tenant=()),
        *protect("authorization_codes", tenant=()),
        *protect_people("people", "person_id, email, name"),
        *keep_to_platform("login_attempts"),
    ]
    for statement in statements:
        op.execute(statement)


def _people() -> None:
    op.create_table(
        "people",
        _text("person_id", 40),
        _text("email", 254),
        _text("name", 100),
        _text("password_hash", 200),
        _created(),
        sa.PrimaryKeyConstraint("person_id", name="pk_people"),
        sa.UniqueConstraint("email", name="uq_people_email"),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_people_email_is_lower")),
    )
    op.create_table(
        "members",
        _text("tenant_id", 39),
        _text("person_id", 40),
        _text("role", 20),
        _created("joined_at"),
        _moment("disabled_at"),
        sa.PrimaryKeyConstraint("tenant_id", "person_id", name="pk_members"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_members_tenant_id"),
        sa.ForeignKeyConstraint(["person_id"], ["people.person_id"], name="fk_members_person_id"),
        sa.CheckConstraint(_ROLES, name=op.f("ck_members_role_is_known")),
    )
    op.create_index("ix_members_person_id", "members", ["person_id"])
    op.create_table(
        "invitations",
        _text("tenant_id", 39),
        _text("invitation_id", 40),
        _text("email", 254),
        _text("role", 20),
        _text("sha256", 64),
        _text("invited_by", 300),
        _created(),
        _moment("expires_at", nullable=False),
        _moment("accepted_at"),
        _moment("revoked_at"),
        sa.PrimaryKeyConstraint("tenant_id", "invitation_id", name="pk_invitations"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_invitations_tenant_id"),
        sa.UniqueConstraint("tenant_id", "sha256", name="uq_invitations_tenant_id_sha256"),
        sa.CheckConstraint(_ROLES, name=op.f("ck_invitations_role_is_known")),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        _text("tenant_id", 39),
        _text("session_id", 40),
        _text("person_id", 40),
        _text("client_id", 64),
        _created(),
        _moment("expires_at", nullable=False),
        _moment("ended_at"),
        _text("ended_by", 40, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "session_id", name="pk_sessions"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_sessions_tenant_id"),
        sa.ForeignKeyConstraint(["person_id"], ["people.person_id"], name="fk_sessions_person_id"),
    )
    op.create_index("ix_sessions_person_id", "sessions", ["person_id"])
    op.create_table(
        "refresh_tokens",
        _text("tenant_id", 39),
        _text("sha256", 64),
        _text("session_id", 40),
        _created("issued_at"),
        _moment("expires_at", nullable=False),
        _moment("used_at"),
        sa.PrimaryKeyConstraint("tenant_id", "sha256", name="pk_refresh_tokens"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "session_id"],
            ["sessions.tenant_id", "sessions.session_id"],
            name="fk_refresh_tokens_tenant_id_session_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_refresh_tokens_sha256", "refresh_tokens", ["sha256"])
    op.create_index("ix_refresh_tokens_tenant_id_session_id", "refresh_tokens", ["tenant_id", "session_id"])


def _logins() -> None:
    op.create_table(
        "authorization_codes",
        _text("tenant_id", 39),
        _text("sha256", 64),
        _text("person_id", 40),
        _text("client_id", 64),
        sa.Column("redirect_uri", sa.Text, nullable=False),
        _text("challenge", 43),
        _created(),
        _moment("expires_at", nullable=False),
        _moment("used_at"),
        _text("session_id", 40, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "sha256", name="pk_authorization_codes"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["members.tenant_id", "members.person_id"],
            name="fk_authorization_codes_tenant_id_person_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_authorization_codes_sha256", "authorization_codes", ["sha256"])
    op.create_table(
        "login_attempts",
        _text("subject", 80),
        sa.Column("attempts", sa.Integer, nullable=False),
        _moment("last_at", nullable=False),
        _moment("blocked_until"),
        sa.PrimaryKeyConstraint("subject", name="pk_login_attempts"),
    )


def downgrade() -> None:
    """Drop the tables and columns; the roles stay, since they belong to the whole server."""
    for table in ("login_attempts", "authorization_codes", "refresh_tokens", "sessions", "invitations"):
        op.drop_table(table)
    for policy in ("own_members", "all_people"):
        op.execute(f"DROP POLICY {policy} ON people")
    op.drop_table("members")
    op.drop_table("people")
    for table in ("tenants", "api_keys"):
        for policy in ("own_tenant", "all_tenants"):
            op.execute(f"DROP POLICY {policy} ON {table}")
        op.execute(f"REVOKE ALL ON {table} FROM recolake_tenant, recolake_platform")
        for how in ("NO FORCE", "DISABLE"):
            op.execute(f"ALTER TABLE {table} {how} ROW LEVEL SECURITY")
    op.execute("REVOKE UPDATE (display_name) ON tenants FROM recolake_tenant")
    op.drop_constraint("ck_api_keys_environment_is_known", "api_keys")
    for column in ("name", "environment", "last_used_at", "rotated_to"):
        op.drop_column("api_keys", column)
    op.drop_column("tenants", "display_name")
