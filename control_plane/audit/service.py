"""Read, verify, checkpoint, export and cut a tenant's audit log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from control_plane.audit import repository
from control_plane.audit.record import record
from control_plane.audit.schemas import AuditEntryRead, AuditPage
from control_plane.database import Database, open_database
from control_plane.outbox import ship_outbox
from recolake.audit import checkpoint as checkpoints
from recolake.audit.checkpoint import Checkpoint, Statement
from recolake.audit.entry import GENESIS, Action, Actor, moment
from recolake.audit.export_file import render
from recolake.audit.verify import Verdict, verify
from recolake.errors import RecolakeError
from recolake.files import write_atomically
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.signatures import SigningKey, public_key


class AuditTamperedError(RecolakeError):
    """The log is not as it was written. Nothing is signed or cut on top of that."""

    code = "audit_log_tampered"
    status = 409


@dataclass(frozen=True, slots=True)
class Checked:
    """A log that was verified just now, and what vouches for it."""

    entries: list[dict[str, Any]]
    checkpoints: list[Checkpoint]
    verdict: Verdict


def page(settings: Settings, tenant: Tenant, limit: int, before: int | None) -> AuditPage:
    """At most so many entries, newest first; what was done until now is in it."""
    database = open_database(settings)
    ship_outbox(settings, database)
    with database.transaction(tenant) as session:
        rows = repository.page(session, tenant, limit + 1, before)
    shown = [AuditEntryRead.model_validate(repository.as_entry(row)) for row in rows[:limit]]
    return AuditPage(entries=shown, next_cursor=shown[-1].sequence if len(rows) > limit else None)


def check(settings: Settings, tenant: Tenant) -> Checked:
    """Verify the whole log against its checkpoints."""
    with alone(settings, tenant):
        return _check(settings, open_database(settings), tenant)


def checkpoint(settings: Settings, tenant: Tenant) -> Checked:
    """Verify the log, then sign what is new in it. Without anything new it signs nothing.

    Raises:
        AuditTamperedError: the log is not as it was written.
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    database = open_database(settings)
    ship_outbox(settings, database)
    with alone(settings, tenant):
        return _signed(settings, tenant, sound_log(settings, database, tenant))


def export(settings: Settings, tenant: Tenant, *, by: Actor | None = None) -> Iterator[bytes]:
    """The log with its checkpoints, the newest made just now; the export itself is its last entry.

    Raises:
        AuditTamperedError, ServiceUnavailableError: as `checkpoint`.
    """
    with open_database(settings).transaction(tenant) as session:
        record(session, tenant, Action.AUDIT_EXPORTED, "audit_log", by=by)
    whole = checkpoint(settings, tenant)
    return render(tenant.name, moment(datetime.now(UTC)), whole.entries, whole.checkpoints)


def export_to(settings: Settings, tenant: Tenant, target: Path) -> Verdict:
    """The same into a file, whole or not at all."""
    write_atomically(target, b"".join(export(settings, tenant)), mode=0o600)
    return check(settings, tenant).verdict


@contextmanager
def alone(settings: Settings, tenant: Tenant) -> Iterator[None]:
    """One writer of a tenant's checkpoints at a time; readers wait, so that they see log and file agree."""
    settings.run_root.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.run_root / f"audit-{tenant}.lock"):
        yield


def _check(settings: Settings, database: Database, tenant: Tenant) -> Checked:
    # Checkpoints first: what they know was committed before they were signed.
    signed = checkpoints.read_checkpoints(settings, tenant)
    with database.transaction(tenant) as session:
        entries = list(repository.entries(session, tenant))
    key = public_key(settings, tenant, SigningKey.AUDIT)
    return Checked(entries, signed, verify(tenant.name, entries, signed, key))


def sound_log(settings: Settings, database: Database, tenant: Tenant) -> Checked:
    found = _check(settings, database, tenant)
    if found.verdict.fault is not None:
        raise AuditTamperedError(
            f"The audit log of tenant '{tenant}' is not as it was written: {found.verdict.fault}.",
            hint="See docs/howto/verify-the-audit-log.md; nothing was signed.",
        )
    return found


def _signed(settings: Settings, tenant: Tenant, sound: Checked) -> Checked:
    """With a checkpoint that knows all of it."""
    verdict = sound.verdict
    new = [entry["hash"] for entry in sound.entries if entry["sequence"] > verdict.signed]
    if not new and sound.checkpoints:
        return sound
    before = sound.checkpoints[-1].statement if sound.checkpoints else None
    said = Statement(
        tenant_id=tenant.name,
        number=before.number + 1 if before else 1,
        at=moment(datetime.now(UTC)),
        first=verdict.signed + 1,
        hashes=tuple(new),
        cut=before.cut if before else 0,
        cut_hash=before.cut_hash if before else GENESIS,
    )
    signed = [*sound.checkpoints, checkpoints.sign(settings, tenant, said)]
    checkpoints.write_checkpoints(settings, tenant, signed)
    return Checked(sound.entries, signed, verify(tenant.name, sound.entries, signed))
