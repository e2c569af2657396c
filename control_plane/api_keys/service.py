"""API keys: made, listed, revoked. Each change is in the data plane's snapshot before the call returns."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from control_plane.api_keys import repository
from control_plane.api_keys.audit import record_key
from control_plane.api_keys.schemas import ApiKeyCreated, ApiKeyRead
from control_plane.audit import record as audited
from control_plane.database import open_database
from control_plane.snapshots import publish
from control_plane.tenants import repository as tenants
from recolake.audit.entry import Action, Actor
from recolake.errors import NotFoundError, UnknownTenantError
from recolake.settings import Settings
from recolake.tenancy.api_keys import Scope, generate_key, hash_key
from recolake.tenancy.context import Tenant


def create_key(
    settings: Settings,
    tenant: Tenant,
    scopes: Iterable[Scope],
    expires_at: datetime | None = None,
    *,
    by: Actor | None = None,
) -> ApiKeyCreated:
    """Make a key for a tenant.

    Raises:
        UnknownTenantError: nobody created the tenant.
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    secret, record = generate_key(tenant, scopes, expires_at)
    database = open_database(settings)
    with database.transaction() as session:
        if tenants.find(session, tenant) is None:
            raise UnknownTenantError(
                f"There is no tenant '{tenant}'.",
                hint=f"Create it with `recolake tenant create {tenant}`.",
                field="tenant",
            )
        row = ApiKeyRead.model_validate(repository.add(session, record, hash_key(secret)))
        record_key(session, record, by=by)
    publish(settings, database)
    return ApiKeyCreated(**row.model_dump(), secret=secret)


def list_keys(settings: Settings, tenant: Tenant) -> list[ApiKeyRead]:
    """The tenant's keys, oldest first."""
    with open_database(settings).transaction() as session:
        return [ApiKeyRead.model_validate(row) for row in repository.list_for(session, tenant)]


def revoke_key(settings: Settings, tenant: Tenant, key_id: str, *, by: Actor | None = None) -> None:
    """Make a key invalid for good; the data plane refuses it within about a second.

    Raises:
        NotFoundError: the tenant has no key of that id.
    """
    database = open_database(settings)
    with database.transaction() as session:
        if not repository.revoke(session, tenant, key_id):
            raise NotFoundError(
                f"There is no key '{key_id}'.", hint="`recolake key list` names the keys.", field="key_id"
            )
        audited.record(session, tenant, Action.KEY_REVOKED, key_id, by=by)
    publish(settings, database)
