"""API keys: made, listed, rotated, revoked. Each change is in the data plane's snapshot before the call
returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from control_plane.api_keys import repository
from control_plane.api_keys.audit import record_key
from control_plane.api_keys.schemas import ApiKeyCreated, ApiKeyRead
from control_plane.audit import record as audited
from control_plane.database import open_database
from control_plane.errors import KeyOverError
from control_plane.snapshots import publish
from control_plane.tenants import repository as tenants
from recolake.audit.entry import Action, Actor
from recolake.errors import NotFoundError, UnknownTenantError
from recolake.settings import Settings
from recolake.tenancy.api_keys import Environment, Scope, generate_key, hash_key
from recolake.tenancy.context import Tenant


def create_key(
    settings: Settings,
    tenant: Tenant,
    scopes: Iterable[Scope],
    expires_at: datetime | None = None,
    *,
    name: str = "",
    environment: Environment = Environment.LIVE,
    by: Actor | None = None,
) -> ApiKeyCreated:
    """Make a key for a tenant.

    Raises:
        UnknownTenantError: nobody created the tenant.
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    secret, record = generate_key(tenant, scopes, expires_at, environment)
    database = open_database(settings)
    with database.transaction(tenant) as session:
        if tenants.find(session, tenant) is None:
            raise UnknownTenantError(
                f"There is no tenant '{tenant}'.",
                hint=f"Create it with `recolake tenant create {tenant}`.",
                field="tenant",
            )
        row = ApiKeyRead.model_validate(repository.add(session, record, hash_key(secret), name))
        record_key(session, record, by=by)
    publish(settings, database)
    return ApiKeyCreated(**row.model_dump(), secret=secret)


def list_keys(settings: Settings, tenant: Tenant) -> list[ApiKeyRead]:
    """The tenant's keys, oldest first."""
    with open_database(settings).transaction(tenant) as session:
        return [ApiKeyRead.model_validate(row) for row in repository.list_for(session, tenant)]


def rotate_key(
    settings: Settings,
    tenant: Tenant,
    key_id: str,
    grace: timedelta,
    *,
    may_give: Callable[[Iterable[Scope]], None] = lambda _: None,
    by: Actor | None = None,
) -> ApiKeyCreated:
    """Make a key that is like another, which itself dies when the grace time is over; until then both work.

    Args:
        may_give: raises where the caller may not hold a key of these scopes.

    Raises:
        NotFoundError: the tenant has no key of that id.
        KeyOverError: it is revoked, expired or rotated already.
    """
    now = datetime.now(UTC)
    database = open_database(settings)
    with database.transaction(tenant) as session:
        old = repository.find(session, tenant, key_id)
        if old is None:
            raise _unknown(key_id)
        if old.revoked_at or old.rotated_to or (old.expires_at and old.expires_at <= now):
            raise KeyOverError(
                f"The key '{key_id}' is revoked, expired or rotated already.",
                hint="Make a new key, or rotate its successor.",
                field="key_id",
            )
        scopes = [Scope(scope) for scope in old.scopes]
        may_give(scopes)
        secret, record = generate_key(tenant, scopes, old.expires_at, Environment(old.environment))
        row = ApiKeyRead.model_validate(repository.add(session, record, hash_key(secret), old.name))
        end = now + grace
        old.rotated_to, old.expires_at = record.key_id, min(old.expires_at or end, end)
        audited.record(
            session, tenant, Action.KEY_ROTATED, key_id, by=by, details={"successor": record.key_id}
        )
    publish(settings, database)
    return ApiKeyCreated(**row.model_dump(), secret=secret)


def revoke_key(settings: Settings, tenant: Tenant, key_id: str, *, by: Actor | None = None) -> None:
    """Make a key invalid for good; the data plane refuses it within about a second.

    Raises:
        NotFoundError: the tenant has no key of that id.
    """
    database = open_database(settings)
    with database.transaction(tenant) as session:
        if not repository.revoke(session, tenant, key_id):
            raise _unknown(key_id)
        audited.record(session, tenant, Action.KEY_REVOKED, key_id, by=by)
    publish(settings, database)


def _unknown(key_id: str) -> NotFoundError:
    return NotFoundError(
        f"There is no key '{key_id}'.", hint="`recolake key list` names the keys.", field="key_id"
    )
