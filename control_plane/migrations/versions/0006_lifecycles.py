"""How tenants begin and end, step by step."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from control_plane.row_security import protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_STANDINGS = "'requested', 'provisioning', 'failed', 'active', 'suspended', 'closing', 'closed'"


def _moment(name: str, *, nullable: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Create the tables. Tenants that are there get no rows: without one a tenant is active."""
    op.create_table(
        "tenant_lifecycles",
        sa.Column("tenant_id", sa.String(39), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        _moment("since", nullable=False),
        _moment("suspended_at"),
        _moment("closing_at"),
        _moment("grace_until"),
        _moment("erasing_since"),
        _moment("closed_at"),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_tenant_lifecycles"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_tenant_lifecycles_tenant_id"),
        sa.CheckConstraint(f"state IN ({_STANDINGS})", name=op.f("ck_tenant_lifecycles_state_is_known")),
    )
    op.create_table(
        "tenant_steps",
        sa.Column("tenant_id", sa.String(39), nullable=False),
        sa.Column("step", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("done", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        _moment("due_at", nullable=False),
        _moment("done_at"),
        sa.Column("error_code", sa.String(60)),
        sa.Column("error", sa.String(500)),
        sa.Column("result", JSONB, nullable=False, server_default="{}"),
        sa.PrimaryKeyConstraint("tenant_id", "step", name="pk_tenant_steps"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant_lifecycles.tenant_id"], name="fk_tenant_steps_tenant_id"
        ),
    )
    # A tenant's own transactions only look: what becomes of it is the platform's to write.
    for table in ("tenant_lifecycles", "tenant_steps"):
        for statement in protect(table, tenant=("SELECT",)):
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    for table in ("tenant_steps", "tenant_lifecycles"):
        op.drop_table(table)
