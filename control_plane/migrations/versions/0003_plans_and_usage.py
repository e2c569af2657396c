"""Plans, subscriptions to them, what was used, and which quotas were reached."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from control_plane.row_security import keep_to_platform, protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _terms() -> list[sa.Column[Any]]:
    amounts = ("requests", "events", "items", "seats", "training_minutes")
    prices = ("requests_price", "events_price", "items_price")
    return [
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("monthly_fee", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.BigInteger) for name in (*amounts, *prices)),
        sa.Column("key_rate", sa.Double),
        sa.Column("key_burst", sa.Integer),
        sa.Column("tenant_rate", sa.Double),
        sa.Column("tenant_burst", sa.Integer),
    ]


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "plans",
        sa.Column("plan_id", sa.String(40), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        *_terms(),
        sa.PrimaryKeyConstraint("plan_id", name="pk_plans"),
    )
    op.create_table(
        "subscriptions",
        sa.Column("tenant_id", sa.String(39), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("plan_id", sa.String(40), nullable=False),
        *_terms(),
        sa.PrimaryKeyConstraint("tenant_id", "valid_from", name="pk_subscriptions"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_subscriptions_tenant_id"),
        sa.CheckConstraint("monthly_fee >= 0", name=op.f("ck_subscriptions_fee_is_not_negative")),
    )
    op.create_table(
        "usage_records",
        sa.Column("tenant_id", sa.String(39), nullable=False),
        sa.Column("usage_id", sa.String(120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("units", sa.BigInteger, nullable=False),
        sa.Column("scenario", sa.String(120)),
        sa.Column("environment", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "usage_id", name="pk_usage_records"),
        sa.CheckConstraint("units > 0", name=op.f("ck_usage_records_units_are_positive")),
    )
    op.create_index("ix_usage_records_tenant_id_at", "usage_records", ["tenant_id", "at"])
    op.create_table(
        "usage_thresholds",
        sa.Column("tenant_id", sa.String(39), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("percent", sa.Integer, nullable=False),
        sa.Column("used", sa.BigInteger, nullable=False),
        sa.Column("quota", sa.BigInteger, nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "month", "kind", "percent", name="pk_usage_thresholds"),
    )
    read = ("SELECT",)
    for statement in [
        *keep_to_platform("plans"),
        *protect("subscriptions", tenant=read),
        *protect("usage_records", tenant=read),
        *protect("usage_thresholds", tenant=read),
    ]:
        op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    for table in ("usage_thresholds", "usage_records", "subscriptions", "plans"):
        op.drop_table(table)
