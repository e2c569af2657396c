"""The demo's few questions to MLflow, over its REST API: the client library takes seconds to import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from recolake.endpoints import resolve
from recolake.errors import ServiceUnavailableError
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

# Tags that training gives the versions of a tenant's registered model.
GATE, PASSED, REASONS, REFUSALS, WITHDRAWN = (
    "recolake.gate",
    "passed",
    "recolake.gate_reasons",
    "recolake.gate_refusals",
    "recolake.withdrawn",
)
_NEWEST_VERSIONS = 100


@dataclass(frozen=True, slots=True)
class TrainedVersion:
    """A finished model: whether its gate let it pass and why, and whether a rollback withdrew it."""

    number: int
    passed: bool
    withdrawn: bool
    reasons: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"v{self.number}"


def run_metrics(settings: Settings, run_id: str) -> dict[str, float]:
    """The latest value of every metric of a run."""
    run = _ask(settings, "runs/get", run_id=run_id)["run"]
    return {metric["key"]: float(metric["value"]) for metric in run["data"].get("metrics", [])}


def trained_versions(settings: Settings, tenant: Tenant) -> list[TrainedVersion]:
    """The tenant's models whose training was finished, newest first."""
    found = _ask(
        settings,
        "model-versions/search",
        filter=f"name = '{model_name(tenant)}'",
        order_by="version_number DESC",
        max_results=_NEWEST_VERSIONS,
    ).get("model_versions", [])
    versions = []
    for entry in found:
        tags = {tag["key"]: tag["value"] for tag in entry.get("tags", [])}
        if GATE in tags:
            reasons = tuple((tags.get(REFUSALS) or tags.get(REASONS, "")).splitlines())
            withdrawn = tags.get(WITHDRAWN) == "true"
            versions.append(TrainedVersion(int(entry["version"]), tags[GATE] == PASSED, withdrawn, reasons))
    return sorted(versions, key=lambda version: -version.number)


def model_name(tenant: Tenant) -> str:
    """Name under which MLflow's registry keeps the tenant's models."""
    return f"{tenant}-recommender"


def _ask(settings: Settings, path: str, **params: Any) -> dict[str, Any]:
    url = f"{resolve(settings, 'mlflow').rstrip('/')}/api/2.0/mlflow/{path}"
    try:
        answer = httpx.get(url, timeout=20.0, trust_env=False, params=params).raise_for_status()
    except httpx.HTTPError as error:
        raise ServiceUnavailableError(
            f"MLflow does not answer as expected: {error}",
            hint="See `recolake status` and `recolake logs mlflow`.",
        ) from error
    found: dict[str, Any] = answer.json()
    return found
