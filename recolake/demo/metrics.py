"""Metrics of the served model and of every baseline, from the MLflow run that its index artefact names."""

from __future__ import annotations

from recolake.demo.tracking import run_metrics
from recolake.quality import Metrics, by_who
from recolake.ranking.manifest import read_manifest
from recolake.ranking.pointer import version_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def champion_metrics(settings: Settings, tenant: Tenant, version: str) -> Metrics:
    """Metrics by who, target and name: the champion first, then the baselines."""
    manifest = read_manifest(version_folder(settings, tenant, version))
    return by_who(run_metrics(settings, manifest.mlflow_run_id))
