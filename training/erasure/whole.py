"""A whole tenant leaves MLflow and the folder of artefacts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

from recolake.privacy.certificate import Looked
from recolake.privacy.stores import Leaving
from training.tracking.registry import Registry, open_registry

_PAGE = 100


def dismiss_artefacts(leaving: Leaving) -> list[Looked]:
    """Remove what is served, then everything that MLflow has of the tenant.

    Servers that still have the tenant's index in memory hold a file that is gone; nobody may ask them for it.
    """
    root = leaving.settings.index_root / leaving.tenant.name
    versions = sum(1 for path in root.glob("v*") if path.is_dir()) if root.exists() else 0
    if root.exists():
        shutil.rmtree(root)
    with open_registry(leaving.settings, leaving.tenant) as registry:
        files = _dismiss(registry)
    return [
        Looked(store="artefacts", unit="versions", found=versions, left=int(root.exists())),
        Looked(
            store="mlflow",
            unit="models and runs",
            found=files,
            note="files are removed; parameters and metrics, which name nobody, go with `mlflow gc`",
        ),
    ]


def _dismiss(registry: Registry) -> int:
    """Files first, then the entries by which they are found: who is killed in between finds them again."""
    from mlflow.entities import ViewType

    client = registry.client
    if client.search_registered_models(f"name = '{registry.model_name}'"):
        client.delete_registered_model(registry.model_name)
    found = client.get_experiment_by_name(registry.experiment)
    if found is None:
        return 0
    count = 0
    for model in _models(client, found.experiment_id):
        _empty(model.artifact_location)
        client.delete_logged_model(model.model_id)
        count += 1
    for run in _runs(client, found.experiment_id, ViewType.ALL):
        _empty(run.info.artifact_uri)
        if run.info.lifecycle_stage == "active":
            client.delete_run(run.info.run_id)
        count += 1
    if found.lifecycle_stage == "active":
        client.delete_experiment(found.experiment_id)
    return count


def _models(client: Any, experiment_id: str) -> Iterator[Any]:
    """The first page again and again: each is removed before the next is asked for."""
    while page := client.search_logged_models([experiment_id], max_results=_PAGE):
        yield from page


def _runs(client: Any, experiment_id: str, view: Any) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_runs([experiment_id], run_view_type=view, max_results=_PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _empty(location: str) -> None:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    repository = get_artifact_repository(location)
    for entry in repository.list_artifacts():
        repository.delete_artifacts(entry.path)
