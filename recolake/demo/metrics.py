"""Metrics of the served model and of every baseline, from the MLflow run that its index artefact names."""

from __future__ import annotations

from collections.abc import Mapping

from recolake.demo.tracking import run_metrics
from recolake.ranking.manifest import read_manifest
from recolake.ranking.pointer import version_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

Metrics = dict[str, dict[str, dict[str, float]]]
CHAMPION = "champion"


def champion_metrics(settings: Settings, tenant: Tenant, version: str) -> Metrics:
    """Metrics by who, target and name: the champion first, then the baselines."""
    manifest = read_manifest(version_folder(settings, tenant, version))
    return by_who(run_metrics(settings, manifest.mlflow_run_id))


def by_who(logged: Mapping[str, float]) -> Metrics:
    """`champion/new_items/ndcg_at_10` becomes ["champion"]["new_items"]["ndcg@10"]: MLflow allows no @."""
    found: Metrics = {}
    for name, value in sorted(
        logged.items(), key=lambda metric: (not metric[0].startswith(CHAMPION), metric)
    ):
        who, target, metric = name.split("/")
        found.setdefault(who, {}).setdefault(target, {})[metric.replace("_at_", "@")] = value
    return found
