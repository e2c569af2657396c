"""The demo's few questions to MLflow, over its REST API: the client library takes seconds to import."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx

from recolake.endpoints import resolve
from recolake.errors import ServiceUnavailableError
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def run_metrics(settings: Settings, run_id: str) -> dict[str, float]:
    """The latest value of every metric of a run."""
    run = _ask(settings, "GET", "runs/get", params={"run_id": run_id})["run"]
    return {metric["key"]: float(metric["value"]) for metric in run["data"].get("metrics", [])}


def last_training(settings: Settings, tenant: Tenant) -> datetime:
    """When the tenant's latest finished training run began; long ago if there is none."""
    experiments = _ask(
        settings,
        "POST",
        "experiments/search",
        json={"filter": f"name = 'recolake/{tenant}'", "max_results": 1},
    ).get("experiments", [])
    if not experiments:
        return _NEVER
    runs = _ask(
        settings,
        "POST",
        "runs/search",
        json={
            "experiment_ids": [experiments[0]["experiment_id"]],
            "filter": "attributes.status = 'FINISHED'",
            "order_by": ["attributes.start_time DESC"],
            "max_results": 1,
        },
    ).get("runs", [])
    return datetime.fromtimestamp(int(runs[0]["info"]["start_time"]) / 1000, UTC) if runs else _NEVER


def _ask(settings: Settings, method: str, path: str, **arguments: Any) -> dict[str, Any]:
    url = f"{resolve(settings, 'mlflow').rstrip('/')}/api/2.0/mlflow/{path}"
    try:
        answer = httpx.request(method, url, timeout=20.0, trust_env=False, **arguments).raise_for_status()
    except httpx.HTTPError as error:
        raise ServiceUnavailableError(
            f"MLflow does not answer as expected: {error}",
            hint="See `recolake status` and `recolake logs mlflow`.",
        ) from error
    found: dict[str, Any] = answer.json()
    return found
