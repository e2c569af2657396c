"""Put a scenario, read it, take it away. Serving follows within about a second."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from recolake.errors import InvalidInputError
from recolake.kinds.kinds import Kind
from recolake.scenarios.check import checked
from recolake.scenarios.document import Scenario
from recolake.scenarios.store import (
    UnknownScenarioError,
    known_versions,
    live_versions,
    read_scenario,
    write_live,
    write_scenario,
)
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.locks import Work, exclusive

MOST_SCENARIOS = 200


def put(
    settings: Settings, tenant: Tenant, name: str, kind: Kind, defaults: dict[str, Any], description: str = ""
) -> tuple[Scenario, bool]:
    """Make this the live version; and whether it is a new one. What is live already stays, so it may be put
    twice.

    Raises:
        InvalidInputError: it would not work, or there are too many; nothing has changed.
        NothingServedError: nobody can tell whether it would work.
    """
    spec = checked(settings, tenant, kind, defaults)
    given = spec.model_dump(mode="json", exclude_unset=True)
    with exclusive(settings, tenant, Work.SCENARIO):
        live = live_versions(settings, tenant)
        if name in live:
            now = read_scenario(settings, tenant, name, live[name])
            if (now.kind, now.defaults, now.description) == (kind, given, description):
                return now, False
        elif len(live) >= MOST_SCENARIOS:
            raise InvalidInputError(
                f"There are {MOST_SCENARIOS} scenarios already.", hint="Delete one first.", field="name"
            )
        made = Scenario(
            tenant_id=tenant.name,
            name=name,
            version=max(known_versions(settings, tenant, name), default=0) + 1,
            kind=kind,
            description=description,
            defaults=given,
            created_at=datetime.now(UTC),
        )
        write_scenario(settings, tenant, made)
        write_live(settings, tenant, {**live, name: made.version})
    return made, True


def delete(settings: Settings, tenant: Tenant, name: str) -> None:
    """Let no request name it any more; its versions stay readable.

    Raises:
        UnknownScenarioError: there is none.
    """
    with exclusive(settings, tenant, Work.SCENARIO):
        live = live_versions(settings, tenant)
        if name not in live:
            raise UnknownScenarioError(name, list(live), field="name")
        del live[name]
        write_live(settings, tenant, live)


def find(settings: Settings, tenant: Tenant, name: str, version: int | None = None) -> Scenario:
    """The live version, or any by its number.

    Raises:
        UnknownScenarioError: there is no live one of this name.
        NotFoundError: there is no such version.
    """
    if version is not None:
        return read_scenario(settings, tenant, name, version)
    live = live_versions(settings, tenant)
    if name not in live:
        raise UnknownScenarioError(name, list(live), field="name")
    return read_scenario(settings, tenant, name, live[name])


def versions(settings: Settings, tenant: Tenant, name: str) -> list[Scenario]:
    """Every version that was ever put, newest first.

    Raises:
        UnknownScenarioError: there never was one.
    """
    numbers = known_versions(settings, tenant, name)
    if not numbers:
        raise UnknownScenarioError(name, list(live_versions(settings, tenant)), field="name")
    return [read_scenario(settings, tenant, name, number) for number in reversed(numbers)]
