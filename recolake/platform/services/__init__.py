"""The services of the platform, in the order in which they are listed."""

from __future__ import annotations

from collections.abc import Iterable

from recolake.platform.service import PlatformService
from recolake.platform.services.airflow import AirflowApi, AirflowDagProcessor, AirflowScheduler
from recolake.platform.services.http import ControlPlane, RecommendationApi
from recolake.platform.services.kafka import Kafka
from recolake.platform.services.lab import JupyterLab
from recolake.platform.services.mlflow import MlflowServer
from recolake.platform.services.postgres import Postgres
from recolake.platform.services.redis import Redis
from recolake.platform.services.spark import SparkConnect
from recolake.settings import Settings

SERVICES: tuple[PlatformService, ...] = (
    Postgres(),
    Redis(),
    SparkConnect(),
    MlflowServer(),
    AirflowApi(),
    AirflowScheduler(),
    AirflowDagProcessor(),
    ControlPlane(),
    RecommendationApi(),
    JupyterLab(),
    Kafka(),
)
BY_NAME = {service.name: service for service in SERVICES}


def external_url(settings: Settings, service: PlatformService) -> str | None:
    """Address of the real server that a setting names in its place; Airflow's replaces all three."""
    endpoint = service.endpoint or service.name.split("-", 1)[0]
    url: str | None = getattr(settings, f"{endpoint}_url")
    return url


def waves(names: Iterable[str]) -> list[list[str]]:
    """The named services in groups, for stopping: whoever needs or follows another is in an earlier
    group than it."""
    left = set(names)
    groups = []
    while left:
        free = sorted(name for name in left if not any(name in BY_NAME[other].company for other in left))
        groups.append(free)
        left.difference_update(free)
    return groups
