"""Tenants: created once, known to the data plane at once."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from control_plane.api_keys import repository as keys
from control_plane.api_keys.audit import record_key
from control_plane.audit import record as audited
from control_plane.database import open_database
from control_plane.errors import TenantExistsError
from control_plane.lifecycle import repository as lives
from control_plane.lifecycle.advance import advance, alone
from control_plane.lifecycle.first_key import show_first_key
from control_plane.lifecycle.service import begin
from control_plane.snapshots import publish
from control_plane.tenants import repository
from control_plane.tenants.schemas import TenantRead
from recolake.audit.entry import Action
from recolake.errors import InvalidInputError, UnknownTenantError
from recolake.moments import utc_now
from recolake.settings import Settings
from recolake.tenancy.api_keys import KeySnapshot, generate_key, hash_key
from recolake.tenancy.context import UNCLAIMED, Tenant
from recolake.tenancy.local_key import read_local_key, store_local_key
from recolake.tenancy.pseudonyms import ensure_tenant_key


def create_tenant(
    settings: Settings,
    name: str,
    *,
    show: Callable[[str], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> str:
    """Create a tenant with all that is made for one; give its first API key, which nobody can show again.

    Killed at any moment it leaves no tenant, or one whose creation the same call goes on with: a key that
    was not shown is replaced by another. Steps that need a service which is away are done by whoever comes
    next (`recolake tenant resume`, the control plane).

    Args:
        show: is given the key, before it is written down that it was shown.

    Raises:
        InvalidInputError: the name is malformed, or kept for the platform itself.
        TenantExistsError: the name is taken; nothing was changed.
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    tenant = Tenant(name)
    database = open_database(settings)
    with alone(settings, tenant):
        with database.platform() as session:
            if add(settings, session, tenant, first_key=True):
                audited.record(session, tenant, Action.TENANT_CREATED, name)
            elif not lives.waits_for_key(session, tenant):
                raise TenantExistsError(
                    f"There is a tenant '{name}' already.",
                    hint=f"Make another key for it with `recolake key create --tenant {name}`.",
                    field="tenant",
                )
        advance(settings, tenant, early=True, end=False, say=say)
        secret = show_first_key(settings, tenant, show)
    assert secret is not None  # nobody else works on it, and the step was not done
    return secret


def ensure_tenant(settings: Settings, name: str) -> str:
    """Make sure that the tenant exists and that this machine keeps a valid key for it; give that key."""
    tenant = Tenant(name)
    database = open_database(settings)
    publish(settings, database)
    kept = read_local_key(settings, tenant)
    if kept and (record := KeySnapshot(settings).lookup(kept)) and record.tenant == tenant:
        return kept
    secret, record = generate_key(tenant)
    with alone(settings, tenant):
        with database.platform() as session:
            new = add(settings, session, tenant)
            keys.add(session, record, hash_key(secret))
            if new:
                audited.record(session, tenant, Action.TENANT_CREATED, name)
            record_key(session, record)
        if new:
            advance(settings, tenant, early=True, end=False)
    publish(settings, database)
    store_local_key(settings, tenant, secret)
    return secret


def add(
    settings: Settings, session: Session, tenant: Tenant, display_name: str = "", *, first_key: bool = False
) -> bool:
    """Insert a tenant together with its pseudonym key, and what else is to be made for it; False if it was
    there, whose key nobody replaces.

    The key is on the disk before the row is committed: no tenant is ever without one.
    """
    if tenant == UNCLAIMED:
        raise InvalidInputError(
            f"'{tenant}' is kept for messages of which nobody can say whose they are.",
            hint="Take another name.",
            field="tenant",
        )
    if not repository.add(session, tenant, display_name):
        return False
    ensure_tenant_key(settings, tenant)
    begin(session, tenant, utc_now(), first_key=first_key)
    return True


def list_tenants(settings: Settings) -> list[TenantRead]:
    """All tenants by name."""
    with open_database(settings).platform() as session:
        return [TenantRead.model_validate(row) for row in repository.list_all(session)]


def read_tenant(settings: Settings, tenant: Tenant) -> TenantRead:
    """One tenant.

    Raises:
        UnknownTenantError: nobody created it.
    """
    with open_database(settings).transaction(tenant) as session:
        row = repository.find(session, tenant)
    if row is None:
        raise UnknownTenantError(f"There is no tenant '{tenant}'.", field="tenant")
    return TenantRead.model_validate(row)
