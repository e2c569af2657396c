"""Models as a store of an erasure (`recolake.privacy.stores`).

The served model, and one under test, go on without the people: the same version with fewer vectors, which
serving takes like any artefact that changed. Every other version that holds one of them is retired.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from recolake.errors import ArtifactError
from recolake.experiments.document import Experiment
from recolake.experiments.store import running_experiment, write_experiment
from recolake.features.online import drop_vectors, redis_client
from recolake.privacy.certificate import Looked
from recolake.privacy.stores import Job, Leaving
from recolake.ranking.artifact import load_artifact, load_user_vectors
from recolake.ranking.artifact_writer import BUILDING_PREFIX, settle
from recolake.ranking.manifest import MANIFEST_FILE
from recolake.ranking.pointer import current_version, version_folder
from recolake.ranking.retired import retire
from recolake.tenancy.locks import Work, exclusive
from training.erasure.mask import masked, people_in, write_masked
from training.erasure.mlflow_files import erase_from_mlflow
from training.erasure.whole import dismiss_artefacts
from training.publish import bring_vectors
from training.store import scratch
from training.tracking.registry import open_registry

_ASIDE = ".erased-"


class ArtefactsStore:
    """Artefacts on this machine, and models and measurements of people in MLflow."""

    name = "artefacts"

    def prepare(self, job: Job) -> None:
        """A training under way is waited for by its lock."""

    def erase(self, job: Job) -> Iterable[Looked]:
        """Mask what is served or tested, retire what else holds the people."""
        settings, tenant, people = job.settings, job.tenant, job.people.pseudonyms
        root = settings.index_root / tenant.name
        _recover(root)
        trial = running_experiment(settings, tenant)
        kept = {current_version(settings, tenant), *(trial.versions if trial else ())} - {None}
        versions = [path.name for path in root.glob("v*") if path.is_dir() and path.name[1:].isdigit()]
        changed = [v for v in sorted(versions) if v in kept and _mask(job, v)]
        gone = [v for v in sorted(versions) if v not in kept and _holds(root / v, people)]
        with open_registry(settings, tenant) as registry:
            found = erase_from_mlflow(registry, people, {str(version) for version in kept})
        gone = sorted({*gone, *found.retired})
        retire(settings, tenant, gone, job.erased_at)
        job.retired.update(gone)
        _forget_leftovers(root)
        for version in gone:
            shutil.rmtree(version_folder(settings, tenant, version), ignore_errors=True)
            drop_vectors(redis_client(settings), tenant, version)
        if trial is not None and changed:
            _note_checksums(job, trial)
        for version in sorted(str(version) for version in kept):
            folder = version_folder(settings, tenant, version)
            if folder.is_dir():
                bring_vectors(settings, load_artifact(folder, tenant), tenant, job.say)
        return [
            Looked(
                store="artefacts",
                unit="versions",
                found=len({*changed, *gone}),
                note=f"{len(versions)} were looked at; {len(changed)} go on without the people",
            ),
            Looked(
                store="mlflow", unit="files", found=found.files, note=f"{found.looked} runs were looked at"
            ),
        ]

    def export(self, job: Job) -> Iterator[tuple[str, bytes]]:
        """Their vector in each model."""
        root = job.settings.index_root / job.tenant.name
        for folder in sorted(root.glob("v*")):
            try:
                users = load_user_vectors(folder)
            except ArtifactError:
                continue
            for row, person in enumerate(users.ids):
                if person in job.people.pseudonyms:
                    numbers = "\n".join(map(str, np.asarray(users.vectors[row]).tolist()))
                    yield f"models/{folder.name}/vector.txt", f"{numbers}\n".encode()

    def settle(self, leaving: Leaving) -> None:
        """A training under way is waited for by its lock."""

    def dismiss(self, leaving: Leaving) -> Iterable[Looked]:
        """Remove every model, here and in MLflow; vectors in Redis are the online store's."""
        return dismiss_artefacts(leaving)


def store() -> ArtefactsStore:
    """For the entry point."""
    return ArtefactsStore()


def _holds(folder: Path, people: frozenset[str]) -> bool:
    """Whether a version holds one of the people; one that cannot be read might."""
    try:
        return bool(people_in(folder, people))
    except ArtifactError:
        return True


def _mask(job: Job, version: str) -> bool:
    """Put the version without the people in the place of itself; False where it holds none of them."""
    folder = version_folder(job.settings, job.tenant, version)
    fresh = masked(folder, job.tenant, job.people.pseudonyms)
    if fresh is None:
        return False
    with scratch(job.settings, job.tenant, job.say) as temporary:
        beside = temporary / version
        shutil.copytree(folder, beside, ignore=shutil.ignore_patterns(*fresh.files, MANIFEST_FILE))
        write_masked(beside, fresh)
        load_artifact(beside, job.tenant)
        load_user_vectors(beside)
        aside = folder.with_name(f"{_ASIDE}{version}")
        folder.rename(aside)
        settle(beside, folder)
        shutil.rmtree(aside)
    job.say(f"{version} goes on without them")
    return True


def _recover(root: Path) -> None:
    """What a killed run had put aside goes back where nothing took its place, and is removed where it did."""
    for aside in root.glob(f"{_ASIDE}*"):
        place = aside.with_name(aside.name.removeprefix(_ASIDE))
        if place.exists():
            shutil.rmtree(aside)
        else:
            aside.rename(place)


def _forget_leftovers(root: Path) -> None:
    """Damaged artefacts that were kept for a look, and what killed runs left."""
    for prefix in (".damaged-", ".scratch-", BUILDING_PREFIX):
        for path in root.glob(f"{prefix}*"):
            shutil.rmtree(path)


def _note_checksums(job: Job, trial: Experiment) -> None:
    """The experiment goes on with the masked models: it knows them by the checksum of their people."""
    sums = {
        version: load_artifact(version_folder(job.settings, job.tenant, version), job.tenant).users_checksum
        for version in (trial.champion, trial.challenger)
    }
    with exclusive(job.settings, job.tenant, Work.EXPERIMENT):
        now = running_experiment(job.settings, job.tenant)
        if now is not None and now.experiment_id == trial.experiment_id:
            fresh = {"champion_checksum": sums[now.champion], "challenger_checksum": sums[now.challenger]}
            write_experiment(job.settings, job.tenant, now.model_copy(update=fresh))
