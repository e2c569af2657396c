"""What MLflow keeps of people: models with vectors, and measurements by person."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from recolake.errors import ArtifactError
from recolake.ranking.artifact import USERS_FILE
from recolake.ranking.manifest import MANIFEST_FILE
from training.erasure.mask import masked
from training.tracking.paired import PAIRED_FILE, Paired
from training.tracking.registry import Registry

_PAGE = 100


@dataclass
class FoundInMlflow:
    """`files` were of the people, in the models and runs that were `looked` at; versions `retired` with
    them."""

    looked: int = 0
    files: int = 0
    retired: set[str] = field(default_factory=set)


def erase_from_mlflow(registry: Registry, people: frozenset[str], kept: Set[str]) -> FoundInMlflow:
    """Mask the models of versions that are `kept`, remove the files of all others that hold the people.

    Measurements by person are written anew without them. Killed, it is completed by a rerun.
    """
    found = FoundInMlflow()
    versions: dict[str, str] = {}
    for entry in registry.client.search_model_versions(f"name = '{registry.model_name}'", max_results=1_000):
        versions.setdefault(entry.run_id, f"v{entry.version}")
    for model in _models(registry):
        found.looked += 1
        version = versions.get(model.source_run_id)
        if _erase_model(registry, model.artifact_location, people, stays=version in kept):
            found.files += 1
            if version is not None and version not in kept:
                found.retired.add(version)
    for run in _runs(registry):
        found.files += _erase_paired(registry, run.info.artifact_uri, people)
    return found


def _erase_model(registry: Registry, location: str, people: frozenset[str], *, stays: bool) -> bool:
    """Whether a logged model held one of the people."""
    repository = _repository(location)
    folders = [path for path in _folders(repository) if _holds(repository, path, people)]
    for folder in folders:
        if not stays:
            repository.delete_artifacts(folder)
            continue
        with tempfile.TemporaryDirectory() as temporary:
            local = Path(repository.download_artifacts(folder, temporary))
            try:
                fresh = masked(local, registry.tenant, people)
            except ArtifactError:
                fresh = None
            if fresh is None:
                repository.delete_artifacts(folder)
                continue
            for name, content in fresh.files.items():
                (local / name).write_bytes(content)
            (local / MANIFEST_FILE).write_text(fresh.manifest.model_dump_json(indent=1))
            for name in (*fresh.files, MANIFEST_FILE):
                repository.log_artifact(str(local / name), folder)
    return bool(folders)


def _folders(repository: Any, path: str | None = None) -> Iterator[str]:
    """Folders of a model that hold an artefact of ours."""
    entries = repository.list_artifacts(path)
    if any(Path(entry.path).name == USERS_FILE for entry in entries):
        yield path or ""
    for entry in entries:
        if entry.is_dir:
            yield from _folders(repository, entry.path)


def _holds(repository: Any, folder: str, people: frozenset[str]) -> bool:
    """Whether the artefact has a vector of one of them; one that cannot be read might."""
    with tempfile.TemporaryDirectory() as temporary:
        local = repository.download_artifacts(f"{folder}/{USERS_FILE}".lstrip("/"), temporary)
        try:
            with np.load(local, allow_pickle=False) as found:
                return bool(set(found["ids"].tolist()) & people)
        except (OSError, ValueError, KeyError):
            return True


def _erase_paired(registry: Registry, location: str, people: frozenset[str]) -> int:
    repository = _repository(location)
    if PAIRED_FILE not in {entry.path for entry in repository.list_artifacts()}:
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        local = Path(repository.download_artifacts(PAIRED_FILE, temporary))
        paired = Paired.read(local)
        fresh = paired.without(people)
        if fresh is paired:
            return 0
        local.write_bytes(fresh.to_bytes())
        repository.log_artifact(str(local))
    return 1


def _models(registry: Registry) -> Iterator[Any]:
    token = None
    while True:
        page = registry.client.search_logged_models(
            [registry.experiment_id()], max_results=_PAGE, page_token=token
        )
        yield from page
        token = page.token
        if not token:
            return


def _runs(registry: Registry) -> Iterator[Any]:
    from mlflow.entities import ViewType

    token = None
    while True:
        page = registry.client.search_runs(
            [registry.experiment_id()], run_view_type=ViewType.ALL, max_results=_PAGE, page_token=token
        )
        yield from page
        token = page.token
        if not token:
            return


def _repository(location: str) -> Any:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    return get_artifact_repository(location)
