"""The audit log, which nobody can change, and webhooks."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from control_plane.audit.rights import retention_rights
from control_plane.row_security import protect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_APPEND = ("SELECT", "INSERT")
_WEBHOOKS = ("webhook_endpoints", "webhook_events", "webhook_deliveries", "webhook_attempts")


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=nullable)


def upgrade() -> None:
    """Create the tables, then give each to those who may use it."""
    op.create_table(
        "audit_log",
        _text("tenant_id", 39),
        sa.Column("sequence", sa.BigInteger, nullable=False, autoincrement=False),
        _number("version"),
        _moment("recorded_at"),
        _text("act_id", 60),
        _moment("at"),
        _text("actor_kind", 20),
        _text("actor_id", 200),
        _text("action", 60),
        _text("target", 200),
        _text("outcome", 20),
        sa.Column("details", JSONB, nullable=False),
        _text("previous", 64),
        _text("hash", 64),
        sa.PrimaryKeyConstraint("tenant_id", "sequence", name="pk_audit_log"),
        sa.UniqueConstraint("tenant_id", "act_id", name="uq_audit_log_tenant_id_act_id"),
        sa.CheckConstraint("sequence > 0", name=op.f("ck_audit_log_sequence_is_positive")),
        sa.CheckConstraint("hash ~ '^[0-9a-f]{64}$'", name=op.f("ck_audit_log_hash_is_hex")),
    )
    _endpoints()
    _deliveries()
    statements = [
        *protect("audit_log", tenant=_APPEND, platform=_APPEND),
        *retention_rights("audit_log"),
        *(statement for table in _WEBHOOKS for statement in protect(table)),
    ]
    for statement in statements:
        op.execute(statement)


def _endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        _text("tenant_id", 39),
        _text("endpoint_id", 40),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("event_types", ARRAY(sa.String(60)), nullable=False),
        _number("generation"),
        _moment("previous_until", nullable=True),
        _moment("disabled_at", nullable=True),
        _text("disabled_why", 200, nullable=True),
        _number("failures"),
        _moment("failing_since", nullable=True),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "endpoint_id", name="pk_webhook_endpoints"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_webhook_endpoints_tenant_id"),
    )
    op.create_table(
        "webhook_events",
        _text("tenant_id", 39),
        _text("event_id", 60),
        _text("type", 60),
        _moment("at"),
        sa.Column("data", JSONB, nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "event_id", name="pk_webhook_events"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_webhook_events_tenant_id"),
    )


def _deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        _text("tenant_id", 39),
        _text("event_id", 60),
        _text("endpoint_id", 40),
        _text("state", 20),
        _number("attempts"),
        _number("tries"),
        _moment("due_at"),
        _moment("claimed_until", nullable=True),
        _moment("created_at"),
        _moment("delivered_at", nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "event_id", "endpoint_id", name="pk_webhook_deliveries"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "event_id"],
            ["webhook_events.tenant_id", "webhook_events.event_id"],
            name="fk_webhook_deliveries_tenant_id_event_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "endpoint_id"],
            ["webhook_endpoints.tenant_id", "webhook_endpoints.endpoint_id"],
            name="fk_webhook_deliveries_tenant_id_endpoint_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'delivered', 'failed')", name=op.f("ck_webhook_deliveries_state_is_known")
        ),
    )
    op.create_index(
        "ix_webhook_deliveries_due_at",
        "webhook_deliveries",
        ["due_at"],
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_webhook_deliveries_tenant_id_endpoint_id",
        "webhook_deliveries",
        ["tenant_id", "endpoint_id", "created_at"],
    )
    op.create_table(
        "webhook_attempts",
        _text("tenant_id", 39),
        _text("event_id", 60),
        _text("endpoint_id", 40),
        sa.Column("attempt", sa.Integer, nullable=False, autoincrement=False),
        _moment("began_at"),
        _moment("ended_at", nullable=True),
        _number("status", nullable=True),
        _text("error", 200, nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant_id", "event_id", "endpoint_id", "attempt", name="pk_webhook_attempts"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "event_id", "endpoint_id"],
            ["webhook_deliveries.tenant_id", "webhook_deliveries.event_id", "webhook_deliveries.endpoint_id"],
            name="fk_webhook_attempts_tenant_id_event_id_endpoint_id",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    """Drop the tables; the roles stay, since they belong to the whole server."""
    for table in (*reversed(_WEBHOOKS), "audit_log"):
        op.drop_table(table)
