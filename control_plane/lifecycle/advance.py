"""Take a tenant as far on its way as it goes now. Whoever is killed is followed by one who goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import structlog
from filelock import FileLock, Timeout
from sqlalchemy.orm import Session

from control_plane.audit import record as audited
from control_plane.database import Database, open_database
from control_plane.lifecycle import repository
from control_plane.lifecycle.actions import Result, Work, carry_out
from control_plane.lifecycle.states import BEGINNING, END, Step, may_erase, next_steps, pause_after
from control_plane.models import LifecycleRow
from control_plane.snapshots import publish
from recolake.audit.actors import SYSTEM
from recolake.audit.entry import Action
from recolake.errors import RecolakeError
from recolake.moments import Clock, utc_now
from recolake.privacy.stores import Store, known_stores
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.standing import Standing

_log = structlog.get_logger(__name__)
_NEEDS_SOMEBODY = (Step.FIRST_KEY,)
"""A key is made where somebody is to see it (`control_plane.lifecycle.first_key`)."""


class UnforeseenError(RecolakeError):
    """A step failed in a way that nobody foresaw; the log of the platform says how."""

    code = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message, hint="It is tried again; whoever runs the platform finds it in the log.")


@contextmanager
def alone(settings: Settings, tenant: Tenant, *, wait: bool = True) -> Iterator[bool]:
    """One at a time works on a tenant's life; gives whether it is us, where we do not wait for it."""
    settings.run_root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.run_root / f"life-{tenant}.lock")
    try:
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def advance(
    settings: Settings,
    tenant: Tenant,
    *,
    early: bool = False,
    end: bool = True,
    now: Clock = utc_now,
    say: Callable[[str], None] = lambda _: None,
    stores: Callable[[], list[Store]] = known_stores,
) -> Standing:
    """Do every step that can be done now; gives the standing afterwards. The caller holds `alone`.

    A step that fails is written down with its error, and tried again after a pause that grows.

    Args:
        early: do not wait for such a pause to be over.
        end: work on the end, too, which needs what all stores need; else on the beginning alone.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    database = open_database(settings)
    tried: set[Step] = set()
    while True:
        with database.platform() as session:
            life = repository.hold(session, tenant)
            if life is None or life.closed_at is not None:
                return repository.standing(session, tenant)
            among = _phase(session, tenant, life, now(), end=end)
            rows = repository.steps(session, tenant)
            left = next_steps([repository.state_of(r) for r in rows], among, now(), early=early)
            left = [step for step in left if step not in tried and step not in _NEEDS_SOMEBODY]
            moments = repository.moments_of(life)
            results: dict[Step, Result] = {Step(row.step): row.result for row in rows if row.done}
        if not left:
            return _settled(database, tenant, now())
        work = Work(settings, database, tenant, moments, now, say, stores, results)
        outcomes = {step: _try(step, work) for step in left}
        tried.update(left)
        with database.platform() as session:
            _write_down(session, tenant, outcomes, now())
        if Step.CERTIFICATE in outcomes:
            publish(settings, database, now=now)


def _phase(
    session: Session, tenant: Tenant, life: LifecycleRow, now: datetime, *, end: bool
) -> Sequence[Step]:
    """Which steps it is the turn of; none while a closing tenant can still be reopened."""
    if life.closing_at is None:
        return BEGINNING
    if not end or (life.erasing_since is None and not may_erase(repository.moments_of(life), now)):
        return ()
    if life.erasing_since is None:
        life.erasing_since = now
        session.flush()
        audited.record(session, tenant, Action.TENANT_ERASING, tenant.name, by=SYSTEM)
    return END


def _try(step: Step, work: Work) -> Result | RecolakeError:
    """Do one step. What nobody foresaw is an error of this step, too, and holds up nobody else."""
    work.say(f"{work.tenant}: {step}")
    try:
        return carry_out(step, work)
    except RecolakeError as error:
        work.say(f"{work.tenant}: {step} failed: {error.message}")
        return error
    except Exception as error:
        _log.error("lifecycle_step_crashed", tenant=work.tenant.name, step=step, exc_info=error)
        return UnforeseenError(f"The platform failed in this ({type(error).__name__}).")


def _write_down(
    session: Session, tenant: Tenant, outcomes: Mapping[Step, Result | RecolakeError], now: datetime
) -> None:
    """How the steps went, and what the tenant's standing is by them."""
    life = repository.hold(session, tenant)
    if life is None:
        return
    attempts = {row.step: row.attempts for row in repository.steps(session, tenant)}
    for step, outcome in outcomes.items():
        if isinstance(outcome, RecolakeError):
            _failed(session, tenant, step, attempts.get(step, 0) + 1, outcome, now)
        else:
            finish(session, tenant, step, outcome, now)
    last = outcomes.get(Step.CERTIFICATE)
    if isinstance(last, dict):
        life.closed_at = now
    before = life.state
    after = repository.settle(session, tenant, now)
    if before != after and after is Standing.ACTIVE:
        audited.record(session, tenant, Action.TENANT_ACTIVATED, tenant.name, by=SYSTEM)
    if isinstance(last, dict):
        details = {"certificate": last["certificate_id"]}
        audited.record(session, tenant, Action.TENANT_CLOSED, tenant.name, by=SYSTEM, details=details)


def finish(session: Session, tenant: Tenant, step: Step, result: Result, at: datetime) -> None:
    """Write down that a step is done, and what came of it."""
    done: dict[str, Any] = {"done": True, "done_at": at, "error": None, "error_code": None}
    repository.note(session, tenant, step, **done, result=result)


def _failed(
    session: Session, tenant: Tenant, step: Step, attempts: int, error: RecolakeError, now: datetime
) -> None:
    told = {"error_code": error.code, "error": f"{error.message} {error.hint}".strip()[:500]}
    due = now + pause_after(attempts)
    repository.note(session, tenant, step, attempts=attempts, due_at=due, **told)


def _settled(database: Database, tenant: Tenant, now: datetime) -> Standing:
    with database.platform() as session:
        return repository.settle(session, tenant, now)


def resume_all(
    settings: Settings,
    *,
    end: bool = True,
    most: int = 50,
    now: Clock = utc_now,
    say: Callable[[str], None] = lambda _: None,
    stores: Callable[[], list[Store]] = known_stores,
) -> dict[str, str]:
    """Go on with everybody whose turn it is; the standings afterwards, by tenant. One tenant's trouble holds
    up none of the others, and nobody is waited for who is being worked on.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    with open_database(settings).platform() as session:
        due = repository.beginning_due(session, now(), most)
        due += repository.end_due(session, now()) if end else []
    found: dict[str, str] = {}
    for tenant in due:
        with alone(settings, tenant, wait=False) as ours:
            if ours:
                standing = advance(settings, tenant, end=end, now=now, say=say, stores=stores)
                found[tenant.name] = standing.value
    return found
