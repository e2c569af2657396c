"""What Airflow has done for every tenant's log: hourly checkpoints, and a cut of what is over a year old."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from control_plane.audit import service
from control_plane.audit.retention import retain
from control_plane.database import open_database
from control_plane.tenants import repository as tenants
from control_plane.webhooks import repository as webhooks
from recolake.errors import RecolakeError, UnknownTenantError
from recolake.moments import clock_at
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

WEBHOOK_DAYS = 30
WEBHOOK_EVENTS = "webhook events"


def named(settings: Settings, name: str) -> list[Tenant]:
    """The tenant of that name, or everybody; closed ones too, since their logs are kept.

    Raises:
        UnknownTenantError: nobody created it.
    """
    with open_database(settings).platform() as session:
        everybody = [Tenant(row.tenant_id) for row in tenants.list_all(session)]
    if not name:
        return everybody
    if Tenant(name) not in everybody:
        raise UnknownTenantError(f"There is no tenant '{name}'.", field="tenant")
    return [Tenant(name)]


def checkpoint_all(settings: Settings, tenant: str | None = None) -> dict[str, int]:
    """Up to which entry each log is signed now.

    Raises:
        AuditTamperedError: the first log that is not as it was written, once all the others are signed.
    """
    return _for_each(
        settings, tenant, lambda each: service.checkpoint(settings, each).checkpoints[-1].statement.last
    )


def retain_all(
    settings: Settings, tenant: str | None = None, as_of: datetime | None = None
) -> dict[str, int]:
    """How many entries of each log went, and how many events of webhooks.

    Raises:
        AuditTamperedError: as `checkpoint_all`.
    """
    clock = clock_at(as_of)
    done = _for_each(settings, tenant, lambda each: retain(settings, each, clock))
    with open_database(settings).platform() as session:
        done[WEBHOOK_EVENTS] = webhooks.forget(session, clock - timedelta(days=WEBHOOK_DAYS))
    return done


def _for_each(settings: Settings, tenant: str | None, step: Callable[[Tenant], int]) -> dict[str, int]:
    """One tenant's trouble holds up none of the others."""
    wanted = named(settings, tenant or "")
    done: dict[str, int] = {}
    failures: list[RecolakeError] = []
    for each in wanted:
        try:
            done[each.name] = step(each)
        except RecolakeError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return done
