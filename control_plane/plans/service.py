"""Plans: made, subscribed to, and known to the data plane before the call returns."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from control_plane.audit import record as audited
from control_plane.database import open_database
from control_plane.plans import repository
from control_plane.plans.schemas import PlanRead, PlanTerms, SubscriptionRead
from control_plane.snapshots import publish
from control_plane.tenants import repository as tenants
from recolake.audit.entry import Action
from recolake.errors import InvalidInputError, NotFoundError, UnknownTenantError
from recolake.moments import Clock, utc_now
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_ID = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)


def put_plan(settings: Settings, plan_id: str, title: str, terms: PlanTerms) -> PlanRead:
    """Make a plan, or give it new terms. Who is subscribed keeps the old ones until the next subscription.

    Raises:
        InvalidInputError: the id is malformed.
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    if not _ID.fullmatch(plan_id):
        raise InvalidInputError(
            f"'{plan_id}' is no plan's name.",
            hint="Use up to 40 lower-case letters, digits and hyphens, beginning with a letter.",
            field="plan_id",
        )
    with open_database(settings).platform() as session:
        repository.put(session, plan_id, title, terms)
    return PlanRead(plan_id=plan_id, title=title, **terms.model_dump())


def list_plans(settings: Settings) -> list[PlanRead]:
    """All plans by id."""
    with open_database(settings).platform() as session:
        return [PlanRead.model_validate(row) for row in repository.list_all(session)]


def subscribe(
    settings: Settings,
    tenant: Tenant,
    plan_id: str,
    valid_from: datetime | None = None,
    *,
    now: Clock = utc_now,
) -> SubscriptionRead:
    """Give a tenant a plan from a moment on, by default at once; the plan before it ends then.

    A subscription begins after the one before it, even where the clock went back meanwhile: no period is
    negative, and none is cut out of what is past.

    Raises:
        InvalidInputError: the moment is before the present, or not after the tenant's last subscription.
        NotFoundError: there is no such plan.
        UnknownTenantError: nobody created the tenant.
    """
    database, moment = open_database(settings), now()
    if valid_from is not None and valid_from < moment:
        raise InvalidInputError(
            "A plan cannot begin in the past.", hint="Leave the moment out to begin at once.", field="from"
        )
    with database.platform() as session:
        if tenants.find(session, tenant) is None:
            raise UnknownTenantError(f"There is no tenant '{tenant}'.", field="tenant")
        plan = repository.find(session, plan_id)
        if plan is None:
            raise NotFoundError(
                f"There is no plan '{plan_id}'.", hint="`recolake plan list` names them.", field="plan_id"
            )
        earlier = repository.subscriptions(session, tenant)
        if earlier and valid_from is None:
            moment = max(moment, earlier[-1].valid_from + timedelta(seconds=1))
        begins = (valid_from or moment).replace(microsecond=0)
        if earlier and begins <= earlier[-1].valid_from:
            raise InvalidInputError(
                f"The tenant has a plan that begins at {earlier[-1].valid_from.isoformat()}.",
                hint="Take a later moment.",
                field="from",
            )
        row = SubscriptionRead.model_validate(repository.subscribe(session, tenant, plan, begins))
        details = {"from": begins.isoformat()}
        audited.record(session, tenant, Action.PLAN_ASSIGNED, plan_id, details=details)
    publish(settings, database, now=now)
    return row


def list_subscriptions(settings: Settings, tenant: Tenant) -> list[SubscriptionRead]:
    """The tenant's subscriptions, oldest first."""
    with open_database(settings).transaction(tenant) as session:
        return [SubscriptionRead.model_validate(row) for row in repository.subscriptions(session, tenant)]
