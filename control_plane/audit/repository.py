"""SQL of the audit log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from control_plane.models import AuditRow
from recolake.audit.entry import GENESIS, Act, chained, moment
from recolake.audit.entry import body as content_of
from recolake.tenancy.context import Tenant

# Name space of advisory locks that are two numbers; the second one is the tenant's.
_APPEND_LOCK = 7_304
_BATCH = 1_000


def append(session: Session, tenant: Tenant, act: Act, now: datetime) -> int:
    """Add an act at the end of the tenant's log, in the transaction of the session; gives its sequence.

    Writers of one tenant wait for each other until they commit, so that sequences have no gap and each entry
    has the hash of the very one before it. An act that is there already is not added again.
    """
    session.execute(
        text("SELECT pg_advisory_xact_lock(:space, hashtext(:tenant))"),
        {"space": _APPEND_LOCK, "tenant": tenant.name},
    )
    there = select(AuditRow.sequence).where(AuditRow.tenant_id == tenant.name, AuditRow.act_id == act.act_id)
    known = session.scalars(there).one_or_none()
    if known is not None:
        return known
    newest = _of(tenant).order_by(AuditRow.sequence.desc()).limit(1)
    last = session.scalars(newest).one_or_none()
    sequence = last.sequence + 1 if last else 1
    entry = chained(last.hash if last else GENESIS, content_of(tenant.name, sequence, now, act))
    session.execute(insert(AuditRow).values(_columns(entry)))
    return sequence


def entries(session: Session, tenant: Tenant) -> Iterator[dict[str, Any]]:
    """The whole log in the form that is hashed, oldest first; nothing of it is taken for granted."""
    rows = session.scalars(_of(tenant).order_by(AuditRow.sequence), execution_options={"yield_per": _BATCH})
    for row in rows:
        yield as_entry(row)


def page(session: Session, tenant: Tenant, limit: int, before: int | None) -> Sequence[AuditRow]:
    """At most so many entries, newest first, that are older than `before`."""
    wanted = _of(tenant).order_by(AuditRow.sequence.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(AuditRow.sequence < before)
    return session.scalars(wanted).all()


def last_before(session: Session, tenant: Tenant, least: datetime) -> tuple[int, str] | None:
    """Sequence and hash of the entry up to which all were recorded before `least`; never the newest entry."""
    own = AuditRow.tenant_id == tenant.name
    kept = select(func.min(AuditRow.sequence)).where(own, AuditRow.recorded_at >= least)
    newest = select(func.max(AuditRow.sequence)).where(own)
    end = func.least(kept.scalar_subquery(), newest.scalar_subquery())
    found = select(AuditRow.sequence, AuditRow.hash).where(own, AuditRow.sequence == end - 1)
    row = session.execute(found).one_or_none()
    return (row.sequence, row.hash) if row is not None else None


def cut(session: Session, tenant: Tenant, last: int) -> int:
    """Remove entries up to this one; only the role of retention can. Gives how many there were."""
    statement = delete(AuditRow).where(AuditRow.tenant_id == tenant.name, AuditRow.sequence <= last)
    return len(session.execute(statement.returning(AuditRow.sequence)).all())


def as_entry(row: AuditRow) -> dict[str, Any]:
    """A row in the form that is hashed."""
    return {
        "version": row.version,
        "tenant_id": row.tenant_id,
        "sequence": row.sequence,
        "recorded_at": moment(row.recorded_at),
        "act_id": row.act_id,
        "at": moment(row.at),
        "actor": {"kind": row.actor_kind, "id": row.actor_id},
        "action": row.action,
        "target": row.target,
        "outcome": row.outcome,
        "details": row.details,
        "previous": row.previous,
        "hash": row.hash,
    }


def _columns(entry: dict[str, Any]) -> dict[str, Any]:
    """The inverse: texts of moments become moments."""
    plain = {name: value for name, value in entry.items() if name != "actor"}
    moments = {name: datetime.fromisoformat(entry[name]) for name in ("at", "recorded_at")}
    return plain | moments | {"actor_kind": entry["actor"]["kind"], "actor_id": entry["actor"]["id"]}


def _of(tenant: Tenant) -> Any:
    return select(AuditRow).where(AuditRow.tenant_id == tenant.name)
