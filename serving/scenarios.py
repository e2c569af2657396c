"""The live scenarios of all tenants, in memory; `look` follows the files, called by one background thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import structlog

from recolake.errors import InvalidInputError, NotFoundError
from recolake.scenarios.document import Scenario
from recolake.scenarios.store import (
    ScenarioUnreadableError,
    UnknownScenarioError,
    live_versions,
    read_scenario,
)
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_log = structlog.get_logger(__name__)


class Scenarios:
    """A tenant whose files cannot be read keeps the scenarios that were read before."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._live: dict[Tenant, dict[str, Scenario]] = {}
        self._trouble: dict[Tenant, str] = {}

    def find(self, tenant: Tenant, name: str) -> Scenario:
        """The live version.

        Raises:
            UnknownScenarioError: there is none; it tells which there are.
        """
        live = self._live.get(tenant, {})
        if name not in live:
            raise UnknownScenarioError(name, list(live))
        return live[name]

    def look(self) -> None:
        """Bring what is in memory in line with the files; a version is read once, since it never changes."""
        found: dict[Tenant, dict[str, Scenario]] = {}
        trouble: dict[Tenant, str] = {}
        for tenant in self._tenants():
            known = self._live.get(tenant, {})
            try:
                found[tenant] = {
                    name: self._read(tenant, name, version, known.get(name))
                    for name, version in live_versions(self._settings, tenant).items()
                }
            except (ScenarioUnreadableError, NotFoundError) as error:
                found[tenant], trouble[tenant] = known, error.message
        for tenant, reason in trouble.items() - self._trouble.items():
            _log.error("scenarios_unreadable", tenant=tenant.name, reason=reason)
        self._live, self._trouble = found, trouble

    def _read(self, tenant: Tenant, name: str, version: int, known: Scenario | None) -> Scenario:
        if known is not None and known.version == version:
            return known
        return read_scenario(self._settings, tenant, name, version)

    def _tenants(self) -> Iterator[Tenant]:
        with suppress(FileNotFoundError):
            for folder in sorted(self._settings.scenario_root.iterdir()):
                with suppress(InvalidInputError):
                    yield Tenant(folder.name)
