"""SQL of lives and their steps. Every statement names the tenant, but those that find whose turn it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from control_plane.lifecycle.states import BEGINNING, END, Moments, Step, StepState, standing_of
from control_plane.models import LifecycleRow, StepRow
from recolake.tenancy.context import Tenant
from recolake.tenancy.standing import Standing

_ORDER = {step: place for place, step in enumerate(Step)}


def begin(session: Session, tenant: Tenant, now: datetime, steps: Iterable[Step]) -> None:
    """Write down that a tenant is wanted, with what is to be made for it; what is there stays."""
    life = insert(LifecycleRow).values(tenant_id=tenant.name, state=Standing.REQUESTED.value, since=now)
    session.execute(life.on_conflict_do_nothing())
    plan(session, tenant, now, steps)


def plan(session: Session, tenant: Tenant, now: datetime, steps: Iterable[Step]) -> None:
    """Add steps; those that are there stay as they are."""
    rows: list[dict[str, Any]] = [
        {"tenant_id": tenant.name, "step": step.value, "position": _ORDER[step], "due_at": now}
        for step in steps
    ]
    if rows:
        session.execute(insert(StepRow).values(rows).on_conflict_do_nothing())


def hold(session: Session, tenant: Tenant) -> LifecycleRow | None:
    """The tenant's life, which nobody else changes until the transaction ends."""
    return session.get(LifecycleRow, tenant.name, with_for_update=True, populate_existing=True)


def find(session: Session, tenant: Tenant) -> LifecycleRow | None:
    """The tenant's life; None for one from before lives were written down."""
    return session.get(LifecycleRow, tenant.name)


def steps(session: Session, tenant: Tenant) -> Sequence[StepRow]:
    """The tenant's steps in their order."""
    own = select(StepRow).where(StepRow.tenant_id == tenant.name).order_by(StepRow.position)
    return session.scalars(own, execution_options={"populate_existing": True}).all()


def waits_for_key(session: Session, tenant: Tenant) -> bool:
    """Whether its creation was cut off before the first key was shown to anybody."""
    row = session.get(StepRow, (tenant.name, Step.FIRST_KEY.value))
    return row is not None and not row.done


def forget_steps(session: Session, tenant: Tenant, these: Iterable[Step]) -> None:
    """Remove steps that are not to be done after all."""
    names = [step.value for step in these]
    session.execute(delete(StepRow).where(StepRow.tenant_id == tenant.name, StepRow.step.in_(names)))


def settle(session: Session, tenant: Tenant, now: datetime) -> Standing:
    """Have the state say what moments and steps say; gives it."""
    session.flush()
    life = hold(session, tenant)
    if life is None:
        return Standing.ACTIVE
    state = standing_of(moments_of(life), [state_of(row) for row in steps(session, tenant)])
    if life.state != state:
        life.state, life.since = state.value, now
        session.flush()
    return state


def note(session: Session, tenant: Tenant, step: Step, **values: Any) -> None:
    """Write down how a step went."""
    own = update(StepRow).where(StepRow.tenant_id == tenant.name, StepRow.step == step.value)
    session.execute(own.values(**values))


def standing(session: Session, tenant: Tenant) -> Standing:
    """Of a tenant."""
    state = session.scalars(
        select(LifecycleRow.state).where(LifecycleRow.tenant_id == tenant.name)
    ).one_or_none()
    return Standing(state) if state is not None else Standing.ACTIVE


def standings(session: Session) -> dict[str, LifecycleRow]:
    """Of all tenants that have a life, by name."""
    return {row.tenant_id: row for row in session.scalars(select(LifecycleRow)).all()}


def beginning_due(session: Session, now: datetime, most: int) -> list[Tenant]:
    """Whose beginning has a step to be tried now, the longest waiting first; not what waits for a person."""
    mine = [step.value for step in BEGINNING if step is not Step.FIRST_KEY]
    due = (
        select(StepRow.tenant_id, StepRow.due_at)
        .join(LifecycleRow, LifecycleRow.tenant_id == StepRow.tenant_id)
        .where(
            ~StepRow.done, StepRow.due_at <= now, StepRow.step.in_(mine), LifecycleRow.closing_at.is_(None)
        )
        .order_by(StepRow.due_at)
        .limit(most * len(mine))
    )
    return [Tenant(name) for name in dict.fromkeys(row.tenant_id for row in session.execute(due))][:most]


def end_due(session: Session, now: datetime) -> list[Tenant]:
    """Whose grace is over, or whose end is under way."""
    ending = [step.value for step in END]
    # Only the first that is left is ever put off, and those behind it wait for it.
    put_off = exists().where(
        StepRow.tenant_id == LifecycleRow.tenant_id,
        StepRow.step.in_(ending),
        ~StepRow.done,
        StepRow.due_at > now,
    )
    waiting = (
        select(LifecycleRow.tenant_id)
        .where(LifecycleRow.closing_at.is_not(None), LifecycleRow.closed_at.is_(None))
        .where(or_(LifecycleRow.erasing_since.is_not(None), LifecycleRow.grace_until <= now), ~put_off)
        .order_by(LifecycleRow.grace_until, LifecycleRow.tenant_id)
    )
    return [Tenant(name) for name in session.scalars(waiting)]


def moments_of(life: LifecycleRow) -> Moments:
    """What the standing follows from."""
    return Moments(life.suspended_at, life.closing_at, life.grace_until, life.erasing_since, life.closed_at)


def state_of(row: StepRow) -> StepState:
    """The row as the rules know it."""
    return StepState(Step(row.step), row.done, row.attempts, row.due_at)
