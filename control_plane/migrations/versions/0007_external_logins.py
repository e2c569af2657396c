"""People as another provider knows them; people without a password; how somebody logged in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from control_plane.row_security import keep_from_tenants

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_LOGINS = ("authorization_codes", "sessions")


def upgrade() -> None:
    """Create the tables and columns. Who is logged in now came with a password."""
    op.alter_column("people", "password_hash", existing_type=sa.String(200), nullable=True)
    for table in _LOGINS:
        op.add_column(table, sa.Column("way", sa.String(20), server_default="password", nullable=False))
        op.create_check_constraint(op.f(f"ck_{table}_way_is_known"), table, "way IN ('password', 'provider')")
    op.create_table(
        "external_identities",
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("person_id", sa.String(40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_external_identities"),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.person_id"],
            name="fk_external_identities_person_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_external_identities_person_id", "external_identities", ["person_id"])
    op.create_table(
        "external_logins",
        sa.Column("state_sha256", sa.String(64), nullable=False),
        sa.Column("browser_sha256", sa.String(64), nullable=False),
        sa.Column("wish", JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("state_sha256", name="pk_external_logins"),
    )
    for table in ("external_identities", "external_logins"):
        for statement in keep_from_tenants(table):
            op.execute(statement)


def downgrade() -> None:
    """Drop them. Who has no password gets one that nothing matches."""
    for table in ("external_logins", "external_identities"):
        op.drop_table(table)
    for table in _LOGINS:
        op.drop_constraint(op.f(f"ck_{table}_way_is_known"), table)
        op.drop_column(table, "way")
    op.execute("UPDATE people SET password_hash = '' WHERE password_hash IS NULL")
    op.alter_column("people", "password_hash", existing_type=sa.String(200), nullable=False)
