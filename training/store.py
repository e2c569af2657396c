"""Where a tenant's finished models lie on this machine, and how a missing one comes back from MLflow."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from recolake.errors import ArtifactError
from recolake.ranking.artifact import place_artifact
from recolake.ranking.manifest import MANIFEST_FILE
from recolake.ranking.pointer import version_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from training.tracking.registry import Registry


@contextmanager
def exclusive(settings: Settings, tenant: Tenant) -> Iterator[None]:
    """One training or publication of a tenant at a time; a killed one leaves the lock free."""
    folder = settings.run_root / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"models-{tenant}.lock"):
        yield


@contextmanager
def scratch(settings: Settings, tenant: Tenant) -> Iterator[Path]:
    """A folder on the file system of the indexes that is gone afterwards."""
    root = settings.index_root / tenant.name
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".scratch-") as folder:
        yield Path(folder)


def ensure_artifact(settings: Settings, registry: Registry, version: str, run_id: str) -> Path:
    """Folder of a version's artefact; fetched from MLflow where it is not on this machine.

    Raises:
        ArtifactError: MLflow has none for this version, or a bad one.
    """
    folder = version_folder(settings, registry.tenant, version)
    if folder.is_dir():
        return folder
    import mlflow

    with scratch(settings, registry.tenant) as temporary:
        source = f"models:/{registry.model_name}/{version.removeprefix('v')}"
        fetched = Path(mlflow.artifacts.download_artifacts(artifact_uri=source, dst_path=str(temporary)))
        found = [path.parent for path in fetched.rglob(MANIFEST_FILE)]
        if len(found) != 1:
            raise ArtifactError(
                f"MLflow's model {version} of tenant '{registry.tenant}' holds no index artefact."
            )
        place_artifact(found[0], folder, registry.tenant, version, run_id)
    return folder
