"""Usage of days whose calls are not kept one by one any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from control_plane.row_security import protect

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_OF = ("tenant_id", "begins", "kind", "key_id", "scenario", "environment")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "usage_days",
        sa.Column("tenant_id", sa.String(39), nullable=False),
        sa.Column("begins", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("scenario", sa.String(120), nullable=False),
        sa.Column("environment", sa.String(40), nullable=False),
        sa.Column("units", sa.BigInteger, nullable=False),
        sa.Column("calls", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(*_OF, name="pk_usage_days"),
        sa.CheckConstraint("units > 0 AND calls > 0", name=op.f("ck_usage_days_amounts_are_positive")),
    )
    for statement in protect("usage_days", tenant=("SELECT",)):
        op.execute(statement)


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("usage_days")
