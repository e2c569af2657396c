"""What is asked of a tenant's life: where it is, to suspend and resume it, to close and reopen it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from control_plane.audit import record as audited
from control_plane.database import open_database
from control_plane.errors import TenantGoneError
from control_plane.lifecycle import repository
from control_plane.lifecycle.schemas import LifecycleRead, StepRead
from control_plane.lifecycle.states import BEGINNING, END, Step
from control_plane.models import LifecycleRow
from control_plane.sessions import repository as sessions
from control_plane.snapshots import publish
from control_plane.tenants import repository as tenants
from recolake.audit.entry import Action, Actor, Detail
from recolake.errors import NotFoundError, UnknownTenantError
from recolake.moments import Clock, utc_now
from recolake.privacy.closure import ClosureCertificate, closure_file, read_closure
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.standing import Standing

_Change = Callable[[Session, LifecycleRow, datetime], bool]


def begin(session: Session, tenant: Tenant, now: datetime, *, first_key: bool) -> None:
    """Write down what is to be made for a tenant, in the transaction that makes its row.

    Args:
        first_key: whether somebody is there to be shown a key; who signs up makes keys when they log in.
    """
    steps = [step for step in BEGINNING if first_key or step is not Step.FIRST_KEY]
    repository.begin(session, tenant, now, steps)


def read(settings: Settings, tenant: Tenant) -> LifecycleRead:
    """Where the tenant is, with every step, and why one came to nothing.

    Raises:
        UnknownTenantError: nobody created it.
    """
    with open_database(settings).platform() as session:
        _require(session, tenant)
        life, rows = repository.find(session, tenant), repository.steps(session, tenant)
    return _read(tenant, life, [StepRead.model_validate(row) for row in rows])


def standings(settings: Settings) -> dict[str, Standing]:
    """Of all tenants whose life is written down, by name."""
    with open_database(settings).platform() as session:
        return {name: Standing(row.state) for name, row in repository.standings(session).items()}


def suspend(
    settings: Settings, tenant: Tenant, *, by: Actor | None = None, now: Clock = utc_now
) -> LifecycleRead:
    """Take and answer nothing until it is resumed. Nothing is lost; people can still log in and look.

    Raises:
        UnknownTenantError, TenantGoneError: there is none, or it is closed.
    """
    return _change(settings, tenant, _suspend, Action.TENANT_SUSPENDED, by, now)


def resume(
    settings: Settings, tenant: Tenant, *, by: Actor | None = None, now: Clock = utc_now
) -> LifecycleRead:
    """End a suspension: keys and sessions work as before.

    Raises:
        UnknownTenantError, TenantGoneError: there is none, or it is closed.
    """
    return _change(settings, tenant, _resume, Action.TENANT_RESUMED, by, now)


def close(
    settings: Settings,
    tenant: Tenant,
    *,
    grace: timedelta | None = None,
    by: Actor | None = None,
    now: Clock = utc_now,
) -> LifecycleRead:
    """Begin the end: from now on nothing is taken or answered, and every session ends.

    Its data stays until the grace is over; until then an owner may reopen it. Asked again, nothing changes.

    Args:
        grace: default: as the platform's settings say.

    Raises:
        UnknownTenantError, TenantGoneError: there is none, or it is closed.
    """
    length = timedelta(days=settings.closing_grace_days) if grace is None else grace

    def change(session: Session, life: LifecycleRow, at: datetime) -> bool:
        if life.closing_at is not None:
            return False
        life.closing_at, life.grace_until = at, at + length
        repository.plan(session, tenant, at, END)
        sessions.end_all_of(session, tenant, "closing")
        return True

    return _change(settings, tenant, change, Action.TENANT_CLOSING, by, now)


def reopen(
    settings: Settings, tenant: Tenant, *, by: Actor | None = None, now: Clock = utc_now
) -> LifecycleRead:
    """Take back a closing: keys work as before, people log in anew. One that was suspended still is.

    Raises:
        UnknownTenantError: there is none.
        TenantGoneError: its data is being erased, or is.
    """

    def change(session: Session, life: LifecycleRow, at: datetime) -> bool:
        if life.closing_at is None:
            return False
        if life.erasing_since is not None:
            raise TenantGoneError(
                f"'{tenant}' cannot be reopened: its data is being erased.",
                hint="Take another name to begin anew.",
            )
        life.closing_at = life.grace_until = None
        repository.forget_steps(session, tenant, END)
        return True

    return _change(settings, tenant, change, Action.TENANT_REOPENED, by, now)


def closure(settings: Settings, tenant: Tenant) -> ClosureCertificate:
    """The certificate of a closed tenant.

    Raises:
        NotFoundError: it is not closed.
    """
    with open_database(settings).platform() as session:
        closed = repository.standing(session, tenant) is Standing.CLOSED
    if not closed:
        raise NotFoundError(
            "There is no certificate of closure: the organisation is not closed.",
            hint="GET /v1/organisation tells how far it is.",
        )
    return read_closure(closure_file(settings, tenant))


def _change(
    settings: Settings, tenant: Tenant, change: _Change, action: Action, by: Actor | None, now: Clock
) -> LifecycleRead:
    """Change a life, with its entry in the log, and tell the data plane before the call returns."""
    database, at = open_database(settings), now()
    with database.platform() as session:
        _require(session, tenant)
        # One from before lives were written down gets its own now, with nothing to be made.
        repository.begin(session, tenant, at, ())
        life = repository.hold(session, tenant)
        assert life is not None
        if life.closed_at is not None:
            raise TenantGoneError(
                f"'{tenant}' is closed, and its data erased.", hint="Take another name to begin anew."
            )
        changed = change(session, life, at)
        repository.settle(session, tenant, at)
        if changed:
            audited.record(session, tenant, action, tenant.name, by=by, details=_details(life))
    publish(settings, database, now=now)
    return read(settings, tenant)


def _suspend(session: Session, life: LifecycleRow, at: datetime) -> bool:
    if life.suspended_at is not None:
        return False
    life.suspended_at = at
    return True


def _resume(session: Session, life: LifecycleRow, at: datetime) -> bool:
    if life.suspended_at is None:
        return False
    life.suspended_at = None
    return True


def _details(life: LifecycleRow) -> dict[str, Detail]:
    return {"grace_until": life.grace_until.isoformat()} if life.grace_until else {}


def _require(session: Session, tenant: Tenant) -> None:
    if tenants.find(session, tenant) is None:
        raise UnknownTenantError(
            f"There is no tenant '{tenant}'.",
            hint=f"Create it with `recolake tenant create {tenant}`.",
            field="tenant",
        )


def _read(tenant: Tenant, life: LifecycleRow | None, steps: Sequence[StepRead]) -> LifecycleRead:
    state = Standing(life.state) if life else Standing.ACTIVE
    reopens = life is not None and life.closing_at is not None and life.erasing_since is None
    return LifecycleRead(
        tenant_id=tenant.name,
        state=state,
        since=life.since if life else None,
        suspended_at=life.suspended_at if life else None,
        closing_at=life.closing_at if life else None,
        grace_until=life.grace_until if life else None,
        erasing_since=life.erasing_since if life else None,
        closed_at=life.closed_at if life else None,
        can_reopen=reopens,
        steps=list(steps),
        offered=OFFERED if reopens else [],
    )


OFFERED = [
    "GET /v1/audit/export",
    "GET /v1/usage",
    "GET /v1/invoices/{month}",
    "the whole of the data: ask whoever runs the platform for `recolake export`",
]
"""What a tenant may take with it before its data goes."""
