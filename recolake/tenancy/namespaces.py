"""What a tenant is called in services that know no tenants, and how its place there is made.

Delta tables and Feast's rows name the tenant in a column and a key: nothing is to be made there.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any, cast

import httpx

from recolake.endpoints import resolve
from recolake.errors import ServiceUnavailableError
from recolake.features.online import redis_client
from recolake.landing.upload import tenant_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_SECONDS = 10.0
_API = "api/2.0/mlflow"


def redis_prefix(tenant: Tenant) -> str:
    """What the tenant's keys begin with, but for Feast's own."""
    return f"recolake:{tenant}:"


def experiment_name(tenant: Tenant) -> str:
    """The tenant's experiment in MLflow."""
    return f"recolake/{tenant}"


def model_name(tenant: Tenant) -> str:
    """The tenant's registered model in MLflow."""
    return f"{tenant}-recommender"


def make_landing(settings: Settings, tenant: Tenant) -> None:
    """The folder of the tenant's uploads; one that is there stays as it is."""
    tenant_folder(settings, tenant).mkdir(parents=True, exist_ok=True)


def make_redis(settings: Settings, tenant: Tenant, at: datetime) -> None:
    """Mark in Redis since when the prefix is the tenant's; a mark that is there stays.

    Raises:
        ServiceUnavailableError: Redis does not answer.
    """
    redis_client(settings, _SECONDS).set(f"{redis_prefix(tenant)}since", at.isoformat(), nx=True)


def make_experiment(settings: Settings, tenant: Tenant) -> str:
    """The id of the tenant's experiment, made if there is none. By HTTP: its client takes seconds to load.

    Source: https://mlflow.org/docs/latest/rest-api.html (Create Experiment, Get Experiment By Name).

    Raises:
        ServiceUnavailableError: MLflow does not answer, or refuses.
    """
    name = experiment_name(tenant)
    with httpx.Client(base_url=resolve(settings, "mlflow"), timeout=_SECONDS, trust_env=False) as client:
        made = _asked(client, "POST", "experiments/create", json={"name": name})
        if made.status_code == HTTPStatus.OK:
            return str(made.json()["experiment_id"])
        # Another had it made meanwhile, or a killed run before this one.
        found = _asked(client, "GET", "experiments/get-by-name", params={"experiment_name": name})
        if found.status_code == HTTPStatus.OK:
            return str(found.json()["experiment"]["experiment_id"])
    raise ServiceUnavailableError(
        f"MLflow made no experiment: {_said(made)}.", hint="See `recolake status` and `recolake logs mlflow`."
    )


def _asked(client: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response:
    try:
        return client.request(method, f"{_API}/{path}", **more)
    except httpx.HTTPError as error:
        raise ServiceUnavailableError(
            "MLflow does not answer.", hint="See `recolake status` and `recolake logs mlflow`."
        ) from error


def _said(answer: httpx.Response) -> str:
    try:
        return str(cast(dict[str, Any], answer.json())["error_code"])
    except (ValueError, KeyError):
        return f"status {answer.status_code}"
