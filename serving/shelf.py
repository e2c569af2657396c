"""The models in service: one a tenant, swapped whole, each checked before it is taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
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


@dataclass(frozen=True)
class _Waiting:
    artifact: Artifact
    since: float


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
        self._waiting: dict[Tenant, _Waiting] = {}

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
                self._refused.pop(tenant, None)
                self._waiting.pop(tenant, None)
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
        waiting = self._waiting.get(tenant)
        if waiting is None or waiting.artifact.model_version != version:
            self._waiting.pop(tenant, None)
            artifact = self._load(tenant, version)
            if artifact is None:
                return
            waiting = _Waiting(artifact, self._clock())
        if served is not None and self._must_wait(tenant, waiting, served.version):
            if tenant not in self._waiting:
                _log.warning("model_waits_for_vectors", tenant=tenant.name, version=version)
            self._waiting[tenant] = waiting
            return
        with self._lock:
            self._models[tenant] = Model(waiting.artifact, waiting.artifact.popularity)
        self._waiting.pop(tenant, None)
        self._metrics.swaps.labels("served").inc()
        _log.info("model_in_service", tenant=tenant.name, version=version, items=len(waiting.artifact.items))

    def _must_wait(self, tenant: Tenant, waiting: _Waiting, served: str) -> bool:
        """Whether people would lose their vectors by the swap, and may yet get them in time."""
        if self._clock() - waiting.since >= HOLD_SECONDS:
            return False
        there = self._vectors_there
        return there(tenant, waiting.artifact.model_version) is False and there(tenant, served) is True

    def _load(self, tenant: Tenant, version: str) -> Artifact | None:
        """Load beside the old one and check; None, and nothing else changes, if it is bad."""
        stamp = _manifest_stamp(self._settings, tenant, version)
        if self._refused.get(tenant) == _Refused(version, stamp):
            return None
        try:
            artifact = load_artifact(version_folder(self._settings, tenant, version), tenant)
            if artifact.model_version != version:
                raise ArtifactError(f"The artefact published as {version} calls itself another version.")
        except (ArtifactError, NotFoundError, OSError, ValueError, MemoryError) as error:
            self._refused[tenant] = _Refused(version, stamp)
            self._metrics.swaps.labels("refused").inc()
            _log.error("model_refused", tenant=tenant.name, version=version, reason=str(error))
            return None
        self._refused.pop(tenant, None)
        return artifact


def _published(settings: Settings) -> dict[Tenant, str]:
    found = {}
    if settings.index_root.is_dir():
        for folder in sorted(settings.index_root.iterdir()):
            # A name that is no tenant's, or a pointer that cannot be read, is nobody else's trouble.
            with suppress(InvalidInputError, OSError, UnicodeDecodeError):
                tenant = Tenant(folder.name)
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
