"""Remove entries that are over a year old, behind a signed checkpoint that says so.

The checkpoint is written first. Killed in between, more entries are there than have to be; the next run
removes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from control_plane.audit import repository
from control_plane.audit.record import record
from control_plane.audit.rights import RETENTION_ROLE
from control_plane.audit.service import Checked, alone, sound_log
from control_plane.database import DATABASE, open_database
from control_plane.outbox import ship_outbox
from recolake.audit import checkpoint as checkpoints
from recolake.audit.checkpoint import Statement
from recolake.audit.entry import Action, moment
from recolake.endpoints import postgres_database
from recolake.errors import ServiceUnavailableError
from recolake.moments import clock_at
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

KEPT_DAYS = 365


def retain(settings: Settings, tenant: Tenant, as_of: datetime | None = None) -> int:
    """Cut off what was recorded more than a year before the clock; gives how many entries went.

    The newest entry stays however old it is: what comes next has to follow it.

    Args:
        as_of: what the clock says; default: what it is.

    Raises:
        InvalidInputError: the clock has no time zone.
        AuditTamperedError: the log is not as it was written; nothing was cut.
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    clock = clock_at(as_of)
    database = open_database(settings)
    ship_outbox(settings, database)
    with alone(settings, tenant):
        sound = sound_log(settings, database, tenant)
        with database.transaction(tenant) as session:
            end = repository.last_before(session, tenant, clock - timedelta(days=KEPT_DAYS))
        if end is None:
            return 0
        _sign_cut(settings, tenant, sound, *end)
        with _retention(settings) as session:
            removed = repository.cut(session, tenant, end[0])
        with database.transaction(tenant) as session:
            details = {"entries": removed, "last": end[0]}
            record(session, tenant, Action.AUDIT_CUT, "audit_log", details=details)
    return removed


def _sign_cut(settings: Settings, tenant: Tenant, sound: Checked, last: int, last_hash: str) -> None:
    """One checkpoint in the place of all: where the log begins from now on, and all that is left of it."""
    before = sound.checkpoints[-1].statement if sound.checkpoints else None
    if before is not None and before.cut == last:
        return  # Signed by a run that was killed.
    said = Statement(
        tenant_id=tenant.name,
        number=before.number + 1 if before else 1,
        at=moment(datetime.now(UTC)),
        first=last + 1,
        hashes=tuple(entry["hash"] for entry in sound.entries if entry["sequence"] > last),
        cut=last,
        cut_hash=last_hash,
    )
    checkpoints.write_checkpoints(settings, tenant, [checkpoints.sign(settings, tenant, said)])


@contextmanager
def _retention(settings: Settings) -> Iterator[Session]:
    """A transaction of the role that may remove entries, which only the database's owner can become."""
    url = make_url(postgres_database(settings, DATABASE)).set(drivername="postgresql+psycopg")
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 3})
    try:
        with Session(engine) as session, session.begin():
            session.execute(text("SELECT set_config('role', :role, true)"), {"role": RETENTION_ROLE})
            yield session
    except OperationalError as error:
        raise ServiceUnavailableError(
            "The accounts database does not answer.", hint="Look at `recolake status`; then try again."
        ) from error
    finally:
        engine.dispose()
