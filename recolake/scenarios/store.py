"""Where scenarios lie: `<home>/scenarios/<tenant>/`, which serving reads and nobody but the control plane
writes.

`LIVE.json` says which version of which scenario is live; it is replaced whole. The versions lie beside it, as
`<name>/v<version>.json`, and stay when a scenario is deleted: usage rows name them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from recolake.errors import NotFoundError, RecolakeError
from recolake.files import write_atomically
from recolake.scenarios.document import Scenario
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_TOLD = 200


class ScenarioUnreadableError(RecolakeError):
    """A document is damaged; serving goes on with what it has read before."""

    code = "invalid_scenario"


class UnknownScenarioError(NotFoundError):
    """The tenant has no scenario of this name; `known` tells which there are."""

    code = "unknown_scenario"

    def __init__(self, name: str, known: Sequence[str], field: str = "scenario") -> None:
        told = ", ".join(sorted(known)[:_TOLD])
        super().__init__(
            f"There is no scenario '{name}'.",
            hint=f"There are: {told}." if known else "There are none; `PUT /v1/scenarios/{name}` makes one.",
            field=field,
        )
        self._known = sorted(known)[:_TOLD]

    @property
    def members(self) -> dict[str, list[str]]:
        return {"known": self._known}


def scenario_folder(settings: Settings, tenant: Tenant) -> Path:
    """Of a tenant, whether it exists or not."""
    return settings.scenario_root / tenant.name


def live_file(settings: Settings, tenant: Tenant) -> Path:
    """The list of live versions, whether it exists or not."""
    return scenario_folder(settings, tenant) / "LIVE.json"


def live_versions(settings: Settings, tenant: Tenant) -> dict[str, int]:
    """The live version of each scenario, by name.

    Raises:
        ScenarioUnreadableError: the list is damaged.
    """
    path = live_file(settings, tenant)
    try:
        return {str(name): int(version) for name, version in json.loads(path.read_bytes()).items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ScenarioUnreadableError(
            f"{path} cannot be read.", hint="Restore it from the backup, or remove it and put scenarios anew."
        ) from error


def write_live(settings: Settings, tenant: Tenant, versions: dict[str, int]) -> None:
    """Replace the list; the caller holds the tenant's lock `Work.SCENARIO`."""
    content = json.dumps(versions, indent=1, sort_keys=True).encode() + b"\n"
    write_atomically(live_file(settings, tenant), content)


def known_versions(settings: Settings, tenant: Tenant, name: str) -> list[int]:
    """Numbers of all versions of a scenario that were ever put, oldest first."""
    found = (scenario_folder(settings, tenant) / name).glob("v*.json")
    return sorted(int(path.stem[1:]) for path in found if path.stem[1:].isdecimal())


def read_scenario(settings: Settings, tenant: Tenant, name: str, version: int) -> Scenario:
    """One version.

    Raises:
        NotFoundError: there is none.
        ScenarioUnreadableError: it is damaged, or another tenant's.
    """
    path = _version_file(settings, tenant, name, version)
    try:
        found = Scenario.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no version {version} of '{name}'.", field="version") from error
    except (OSError, ValidationError) as error:
        raise ScenarioUnreadableError(
            f"{path} cannot be read.", hint="Restore it from the backup."
        ) from error
    if (found.tenant_id, found.name, found.version) != (tenant.name, name, version):
        raise ScenarioUnreadableError(f"{path} is not what its name says.")
    return found


def write_scenario(settings: Settings, tenant: Tenant, scenario: Scenario) -> None:
    """Put a version beside the others; it is not live by that."""
    content = scenario.model_dump_json(indent=1).encode() + b"\n"
    write_atomically(_version_file(settings, tenant, scenario.name, scenario.version), content)


def _version_file(settings: Settings, tenant: Tenant, name: str, version: int) -> Path:
    return scenario_folder(settings, tenant) / name / f"v{version}.json"
