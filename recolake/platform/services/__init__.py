"""The services of the platform, in the order in which they are listed."""

from __future__ import annotations

from recolake.platform.service import PlatformService
from recolake.platform.services.airflow import AirflowApi, AirflowDagProcessor, AirflowScheduler
from recolake.platform.services.http import ControlPlane, RecommendationApi
from recolake.platform.services.lab import JupyterLab
from recolake.platform.services.mlflow import MlflowServer
from recolake.platform.services.postgres import Postgres
from recolake.platform.services.redis import Redis
from recolake.platform.services.spark import SparkConnect

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
)
BY_NAME = {service.name: service for service in SERVICES}
