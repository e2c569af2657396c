"""Where a tenant's finished models lie on this machine, and how a lost or damaged one comes back."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from recolake.errors import ArtifactError
from recolake.ranking.artifact import Artifact, load_artifact, load_user_vectors
from recolake.ranking.artifact_writer import BUILDING_PREFIX, place_artifact, settle
from recolake.ranking.manifest import MANIFEST_FILE
from recolake.ranking.pointer import current_version, version_folder
from recolake.ranking.retired import refuse_retired
from recolake.settings import Settings
from recolake.tenancy import locks
from recolake.tenancy.context import Tenant
from recolake.tenancy.locks import Work

if TYPE_CHECKING:
    from training.tracking.registry import Registry

Progress = Callable[[str], None]
_SCRATCH_PREFIX = ".scratch-"


def exclusive(
    settings: Settings, tenant: Tenant, say: Progress | None = None
) -> AbstractContextManager[None]:
    """One training of a tenant at a time; a killed one leaves the lock free."""
    return locks.exclusive(settings, tenant, Work.TRAINING, say)


@contextmanager
def scratch(settings: Settings, tenant: Tenant, say: Progress | None = None) -> Iterator[Path]:
    """A folder on the file system of the indexes that is gone afterwards; for one at a time.

    So what others left there was left by processes that were killed, and goes.
    """
    root = settings.index_root / tenant.name
    root.mkdir(parents=True, exist_ok=True)
    with locks.exclusive(settings, tenant, Work.ARTEFACT, say):
        for path in root.iterdir():
            if path.name.startswith((_SCRATCH_PREFIX, BUILDING_PREFIX)):
                shutil.rmtree(path)
        with tempfile.TemporaryDirectory(dir=root, prefix=_SCRATCH_PREFIX) as folder:
            yield Path(folder)


def ensure_artifact(
    settings: Settings, registry: Registry, version: str, run_id: str, say: Progress | None = None
) -> tuple[Artifact, bool]:
    """A version's artefact, and whether it had to be fetched from MLflow: it was missing, or damaged.

    A damaged one is kept as `.damaged-<version>` for a look.

    Raises:
        ErasedError: it held somebody who was erased.
        ArtifactError: MLflow has none for this version, or a bad one; or it is another than the served one.
    """
    tenant = registry.tenant
    refuse_retired(settings, tenant, version)
    folder = version_folder(settings, tenant, version)
    found = sound_artifact(settings, tenant, version)
    if found is not None and found.manifest.mlflow_run_id == run_id:
        return found, False
    if found is not None and version == current_version(settings, tenant):
        raise ArtifactError(
            f"The served {version} comes from run {found.manifest.mlflow_run_id}, MLflow's from {run_id}.",
            hint="MLflow's database is not the one that knew it: train and publish another version.",
        )
    with scratch(settings, tenant, say) as temporary:
        found = sound_artifact(settings, tenant, version)
        if found is not None and found.manifest.mlflow_run_id == run_id:
            return found, False  # Somebody else brought it while this process waited.
        return _fetch(registry, version, run_id, temporary, folder), True


def sound_artifact(settings: Settings, tenant: Tenant, version: str) -> Artifact | None:
    """The artefact that lies here, if every check lets it pass and it is the version's."""
    folder = version_folder(settings, tenant, version)
    try:
        artifact = load_artifact(folder, tenant)
        load_user_vectors(folder)
    except ArtifactError:
        return None
    return artifact if artifact.model_version == version else None


def _fetch(registry: Registry, version: str, run_id: str, temporary: Path, folder: Path) -> Artifact:
    """Bring the version from MLflow, check it, and only then put it where another may lie."""
    import mlflow

    source = f"models:/{registry.model_name}/{version.removeprefix('v')}"
    fetched = Path(mlflow.artifacts.download_artifacts(artifact_uri=source, dst_path=str(temporary)))
    found = [path.parent for path in fetched.rglob(MANIFEST_FILE)]
    if len(found) != 1:
        raise ArtifactError(
            f"MLflow's model {version} of tenant '{registry.tenant}' holds no index artefact."
        )
    fresh = temporary / version
    place_artifact(found[0], fresh, registry.tenant, version, run_id)
    _set_aside(folder)
    settle(fresh, folder)
    return load_artifact(folder, registry.tenant)


def _set_aside(folder: Path) -> None:
    if folder.exists():
        aside = folder.with_name(f".damaged-{folder.name}")
        shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)
