"""The models in service: one a tenant, swapped whole, each checked before it is taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import structlog

from recolake.errors import ArtifactError, InvalidInputError, NotFoundError, ServiceUnavailableError
from recolake.ranking.artifact import Artifact, load_artifact
from recolake.ranking.manifest import MANIFEST_FILE
from recolake.ranking.pointer import current_version, version_folder
from recolake.ranking.popularity import Popularity
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from serving.metrics import Metrics

HOLD_SECONDS = 30.0
State = Literal["serving", "refused", "waiting"]

_log = structlog.get_logger(__name__)


class NoModelError(ServiceUnavailableError):
    """No model of the tenant is in service yet."""

    code = "no_model"


@dataclass(frozen=True)
class Model:
    """A model in service. A request takes it once and uses it to its end, whatever comes in between."""

    artifact: Artifact
    popularity: Popularity
    # The mark of the features that the popularity was read from; None while it is the artefact's own.
    popularity_mark: str | None = None

    @property
    def version(self) -> str:
        return self.artifact.model_version


@dataclass(frozen=True)
class _Refused:
    version: str
    manifest: tuple[int, int] | None
    reason: str


class Shelf:
    """Models by tenant. `look` is called by one background thread; all else by any thread.

    Args:
        vectors_there: whether all user vectors of a tenant's model version are online; None if nobody knows.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        vectors_there: Callable[[Tenant, str], bool | None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._vectors_there = vectors_there
        self._clock = clock
        self._lock = threading.Lock()
        self._models: dict[Tenant, Model] = {}
        self._refused: dict[Tenant, _Refused] = {}
        self._waiting: dict[Tenant, tuple[str, float]] = {}

    def model(self, tenant: Tenant) -> Model:
        """The tenant's model in service.

        Raises:
            NoModelError: there is none yet.
        """
        model = self._models.get(tenant)
        if model is None:
            raise NoModelError(
                "No model is published for this tenant yet.",
                hint="Upload data, then train and publish a model; this takes effect within a second.",
            )
        return model

    def models(self) -> dict[Tenant, Model]:
        """What is in service now."""
        return dict(self._models)

    def counts(self) -> dict[State, int]:
        """Tenants by state; one may be served an older version while its newest is refused or waits."""
        return {
            "serving": len(self._models),
            "refused": len(self._refused),
            "waiting": len(self._waiting),
        }

    def look(self) -> None:
        """Bring the shelf in line with the published versions."""
        published = _published(self._settings)
        for tenant, version in published.items():
            self._consider(tenant, version)
        with self._lock:
            for tenant in self._models.keys() - published.keys():
                del self._models[tenant]
                _log.info("model_withdrawn", tenant=tenant.name)
        for state, count in self.counts().items():
            self._metrics.models.labels(state).set(count)

    def freshen(self, tenant: Tenant, version: str, popularity: Popularity, mark: str) -> None:
        """Use a fresher popularity, unless the model was swapped meanwhile."""
        with self._lock:
            model = self._models.get(tenant)
            if model is not None and model.version == version:
                self._models[tenant] = replace(model, popularity=popularity, popularity_mark=mark)

    def _consider(self, tenant: Tenant, version: str) -> None:
        served = self._models.get(tenant)
        if served is not None and served.version == version:
            self._refused.pop(tenant, None)
            self._waiting.pop(tenant, None)
            return
        refused = self._refused.get(tenant)
        manifest = _manifest_stamp(self._settings, tenant, version)
        if refused is not None and (refused.version, refused.manifest) == (version, manifest):
            return
        if served is not None and self._must_wait(tenant, version, served.version):
            return
        self._waiting.pop(tenant, None)
        self._swap(tenant, version, manifest)

    def _must_wait(self, tenant: Tenant, version: str, served: str) -> bool:
        """Whether people would lose their vectors by the swap, though not for long."""
        if self._vectors_there(tenant, version) is not False or not self._vectors_there(tenant, served):
            return False
        known, since = self._waiting.get(tenant, ("", 0.0))
        if known != version:
            self._waiting[tenant] = (version, self._clock())
            _log.warning("model_waits_for_vectors", tenant=tenant.name, version=version)
            return True
        return self._clock() - since < HOLD_SECONDS

    def _swap(self, tenant: Tenant, version: str, manifest: tuple[int, int] | None) -> None:
        """Load beside the old one, check, then exchange the reference; a bad artefact changes nothing."""
        try:
            artifact = load_artifact(version_folder(self._settings, tenant, version), tenant)
            if artifact.model_version != version:
                raise ArtifactError(f"The artefact published as {version} calls itself another version.")
        except (ArtifactError, NotFoundError, OSError, ValueError, MemoryError) as error:
            self._refused[tenant] = _Refused(version, manifest, type(error).__name__)
            self._metrics.swaps.labels("refused").inc()
            _log.error("model_refused", tenant=tenant.name, version=version, reason=str(error))
            return
        with self._lock:
            self._models[tenant] = Model(artifact, artifact.popularity)
        self._refused.pop(tenant, None)
        self._metrics.swaps.labels("served").inc()
        _log.info("model_in_service", tenant=tenant.name, version=version, items=len(artifact.items))


def _published(settings: Settings) -> dict[Tenant, str]:
    found = {}
    if settings.index_root.is_dir():
        for folder in sorted(settings.index_root.iterdir()):
            try:
                tenant = Tenant(folder.name)
            except InvalidInputError:
                continue
            version = current_version(settings, tenant)
            if version is not None:
                found[tenant] = version
    return found


def _manifest_stamp(settings: Settings, tenant: Tenant, version: str) -> tuple[int, int] | None:
    """Tells a repaired artefact from the one that was refused."""
    try:
        path: Path = version_folder(settings, tenant, version) / MANIFEST_FILE
        status = path.stat()
    except (NotFoundError, OSError):
        return None
    return status.st_mtime_ns, status.st_ino
