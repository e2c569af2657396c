"""The first API key of a tenant: made where somebody is to see it, and once it is shown never again."""

from __future__ import annotations

from collections.abc import Callable

from control_plane.api_keys import repository as keys
from control_plane.api_keys.audit import record_key
from control_plane.database import open_database
from control_plane.lifecycle import repository
from control_plane.lifecycle.advance import finish
from control_plane.lifecycle.states import Step
from control_plane.snapshots import publish
from recolake.moments import Clock, utc_now
from recolake.settings import Settings
from recolake.tenancy.api_keys import generate_key, hash_key
from recolake.tenancy.context import Tenant


def show_first_key(
    settings: Settings, tenant: Tenant, show: Callable[[str], None], *, now: Clock = utc_now
) -> str | None:
    """Make the key, with every scope, and show it; None where it was shown before. The caller holds `alone`.

    A key that was made by a run that was killed before it had shown it, is revoked: nobody has it.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    database = open_database(settings)
    secret, record = generate_key(tenant)
    with database.platform() as session:
        if repository.hold(session, tenant) is None:
            return None
        row = next((row for row in repository.steps(session, tenant) if row.step == Step.FIRST_KEY), None)
        if row is None or row.done:
            return None
        if "key_id" in row.result:
            keys.revoke(session, tenant, row.result["key_id"])
        keys.add(session, record, hash_key(secret))
        repository.note(session, tenant, Step.FIRST_KEY, result={"key_id": record.key_id})
        record_key(session, record)
    publish(settings, database, now=now)
    show(secret)
    with database.platform() as session:
        finish(session, tenant, Step.FIRST_KEY, {"key_id": record.key_id}, now())
        repository.settle(session, tenant, now())
    return secret
