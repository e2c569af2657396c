"""Scenarios of a tenant, as bodies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from control_plane.errors import DamagedScenarioError
from control_plane.scenarios.schemas import ScenarioList, ScenarioPut, ScenarioRead
from recolake.scenarios import lifecycle
from recolake.scenarios.document import Scenario
from recolake.scenarios.store import ScenarioUnreadableError, live_versions
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def put(settings: Settings, tenant: Tenant, name: str, body: ScenarioPut) -> tuple[ScenarioRead, bool]:
    """The live version after this, and whether it is a new one; raises what `lifecycle.put` does."""
    with _readable():
        made, new = lifecycle.put(settings, tenant, name, body.kind, body.defaults, body.description)
    return _read(made, live=True), new


def listed(settings: Settings, tenant: Tenant) -> ScenarioList:
    """Every live scenario, by name."""
    with _readable():
        names = sorted(live_versions(settings, tenant))
        found = [lifecycle.find(settings, tenant, name) for name in names]
    return ScenarioList(scenarios=[_read(each, live=True) for each in found])


def read(settings: Settings, tenant: Tenant, name: str, version: int | None) -> ScenarioRead:
    """The live version, or any other by its number; raises what `lifecycle.find` does."""
    with _readable():
        found = lifecycle.find(settings, tenant, name, version)
        return _read(found, live=live_versions(settings, tenant).get(name) == found.version)


def versions(settings: Settings, tenant: Tenant, name: str) -> ScenarioList:
    """All versions, newest first; raises what `lifecycle.versions` does."""
    with _readable():
        live = live_versions(settings, tenant).get(name)
        found = lifecycle.versions(settings, tenant, name)
    return ScenarioList(scenarios=[_read(each, live=each.version == live) for each in found])


def delete(settings: Settings, tenant: Tenant, name: str) -> None:
    """Raises UnknownScenarioError where there is none."""
    with _readable():
        lifecycle.delete(settings, tenant, name)


@contextmanager
def _readable() -> Iterator[None]:
    """A damaged document is reported without the path that it lies at."""
    try:
        yield
    except ScenarioUnreadableError as error:
        raise DamagedScenarioError(
            "The document of a scenario is damaged; requests get what was read before.",
            hint="The operator finds it in the log of the recommendation API, and restores it.",
        ) from error


def _read(scenario: Scenario, *, live: bool) -> ScenarioRead:
    return ScenarioRead(
        name=scenario.name,
        version=scenario.version,
        live=live,
        kind=scenario.kind,
        description=scenario.description,
        defaults=scenario.defaults,
        created_at=scenario.created_at,
    )
