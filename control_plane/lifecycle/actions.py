"""What each step does. All may be done again, by whoever comes after one that was killed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, update

from control_plane.database import Database
from control_plane.lifecycle.states import STORES, Moments, Step
from control_plane.models import (
    ApiKeyRow,
    InvitationRow,
    MemberRow,
    WebhookEndpointRow,
    WebhookEventRow,
)
from control_plane.permissions import Role
from control_plane.plans import service as plans
from control_plane.sessions import repository as sessions
from control_plane.snapshots import publish
from control_plane.usage.ship import meter_usage
from recolake.kinds.kinds import Kind
from recolake.moments import Clock
from recolake.privacy.certificate import Looked
from recolake.privacy.closure import ClosureStatement, closure_id, issue
from recolake.privacy.erasure import ErasureIncompleteError, to_oneself
from recolake.privacy.stores import Leaving, Store
from recolake.scenarios.lifecycle import put
from recolake.scenarios.store import known_versions
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.namespaces import make_experiment, make_landing, make_redis
from recolake.tenancy.pseudonyms import destroy_tenant_keys, ensure_tenant_key

DEFAULT_SCENARIO = "default"
Result = dict[str, Any]


@dataclass(frozen=True)
class Work:
    """What a step may need.

    Attributes:
        results: of the steps that are done.
        stores: gives the places to be emptied; it is asked only at the end, since it loads all of them.
    """

    settings: Settings
    database: Database
    tenant: Tenant
    moments: Moments
    now: Clock
    say: Callable[[str], None]
    stores: Callable[[], list[Store]]
    results: Mapping[Step, Result] = field(default_factory=dict)


def carry_out(step: Step, work: Work) -> Result:
    """Do the step; gives what is to be kept of it.

    Raises:
        RecolakeError: it could not be done now; done again it may.
    """
    if step in STORES:
        return _empty(STORES[step], work)
    return _ACTIONS[step](work)


def _pseudonym_key(work: Work) -> Result:
    ensure_tenant_key(work.settings, work.tenant)
    return {}


def _landing(work: Work) -> Result:
    make_landing(work.settings, work.tenant)
    return {}


def _redis(work: Work) -> Result:
    make_redis(work.settings, work.tenant, work.now())
    return {}


def _mlflow(work: Work) -> Result:
    return {"experiment_id": make_experiment(work.settings, work.tenant)}


def _scenario(work: Work) -> Result:
    """One that says nothing but whom the list is for. Who took it away, or put another, keeps that."""
    if not known_versions(work.settings, work.tenant, DEFAULT_SCENARIO):
        put(work.settings, work.tenant, DEFAULT_SCENARIO, Kind.FOR_USER, {}, "Made with the organisation")
    return {"scenario": DEFAULT_SCENARIO}


def _plan(work: Work) -> Result:
    """The plan that the platform gives; who has one already keeps it."""
    plan_id = work.settings.default_plan
    if plan_id and not plans.list_subscriptions(work.settings, work.tenant):
        plans.subscribe(work.settings, work.tenant, plan_id, now=work.now)
    return {"plan": plan_id}


def _revoke(work: Work) -> Result:
    """For good: until now keys were only refused. Owners can log in, for the certificate and the invoices."""
    own = work.tenant.name
    with work.database.platform() as session:
        keys = update(ApiKeyRow).where(ApiKeyRow.tenant_id == own, ApiKeyRow.revoked_at.is_(None))
        session.execute(keys.values(revoked_at=func.now()))
        others = update(MemberRow).where(
            MemberRow.tenant_id == own, MemberRow.role != Role.OWNER.value, MemberRow.disabled_at.is_(None)
        )
        session.execute(others.values(disabled_at=func.now()))
        for row in (InvitationRow, WebhookEndpointRow, WebhookEventRow):
            session.execute(delete(row).where(row.tenant_id == own))
        sessions.end_all_of(session, work.tenant, "closing")
    publish(work.settings, work.database, now=work.now)
    return {}


def _bills(work: Work) -> Result:
    """Into PostgreSQL with what is billed, before anything of the journal goes."""
    meter_usage(work.settings, now=work.now)
    return {}


def _empty(name: str, work: Work) -> Result:
    """Have one store let the tenant go. What a killed run found before is not known any more."""
    store = next(each for each in work.stores() if each.name == name)
    leaving = Leaving(work.settings, work.tenant, work.say)
    store.settle(leaving)
    with to_oneself(work.settings, work.tenant, work.say):
        looked = list(store.dismiss(leaving))
    if kept := [f"{each.left} {each.unit} in {each.store}" for each in looked if each.left]:
        raise ErasureIncompleteError(
            f"{', '.join(kept)} are still there after {name} was emptied.",
            hint="It is tried again, and no certificate is issued before.",
        )
    return {"looked": [each.model_dump() for each in looked], "cut": leaving.cut}


def _destroy_keys(work: Work) -> Result:
    """All keys but those that sign: what is kept must still be verified."""
    destroy_tenant_keys(work.settings, work.tenant)
    return {"at": work.now().isoformat()}


def _certificate(work: Work) -> Result:
    results, moments = work.results, work.moments
    assert moments.closing_at is not None
    assert moments.erasing_since is not None
    emptied = [results[step] for step in STORES]
    statement = ClosureStatement(
        certificate_id=closure_id(work.tenant, moments.closing_at),
        tenant_id=work.tenant.name,
        asked_at=moments.closing_at,
        erasing_since=moments.erasing_since,
        keys_destroyed_at=datetime.fromisoformat(results[Step.DESTROY_KEYS]["at"]),
        stores=[Looked.model_validate(each) for result in emptied for each in result["looked"]],
        cut_tables={name: version for result in emptied for name, version in result["cut"].items()},
        kept=KEPT,
    )
    issue(work.settings, work.tenant, statement)
    return {"certificate_id": statement.certificate_id}


KEPT = {
    "usage and subscriptions": "rows in PostgreSQL: what invoices are made from; they name no people",
    "audit log": "one year after each entry, and its signed checkpoints; it names no people but by account",
    "certificates": "of erasures and of this closure, with the keys that signed them",
    "accounts": "of the people who logged in: they are theirs, and may belong to other organisations",
    "name": "for good: nobody else can take it",
}
_ACTIONS: Mapping[Step, Callable[[Work], Result]] = {
    Step.PSEUDONYM_KEY: _pseudonym_key,
    Step.LANDING: _landing,
    Step.SCENARIO: _scenario,
    Step.PLAN: _plan,
    Step.REDIS: _redis,
    Step.MLFLOW: _mlflow,
    Step.REVOKE: _revoke,
    Step.BILLS: _bills,
    Step.DESTROY_KEYS: _destroy_keys,
    Step.CERTIFICATE: _certificate,
}
