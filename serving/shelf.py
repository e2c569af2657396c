"""The models in service: one a tenant, swapped whole, each checked before it is taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import structlog
from prometheus_client import Gauge

from recolake.errors import ArtifactError, InvalidInputError, NotFoundError, ServiceUnavailableError
from recolake.ranking.artifact import Artifact, load_artifact
from recolake.ranking.manifest import MANIFEST_FILE
from recolake.ranking.pointer import current_file, current_version, version_folder
from recolake.ranking.popularity import Popularity
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from serving.metrics import Metrics

HOLD_SECONDS = 30.0
# What was refused is tried again after so long: a disk or memory may have failed, not the artefact.
RETRY_SECONDS = 60.0
State = Literal["serving", "refused", "waiting", "unreadable"]

_log = structlog.get_logger(__name__)

VectorsThere = Callable[[Tenant, Artifact], bool | None]
Published = tuple[dict[Tenant, str], dict[Tenant, str]]
"""Version by tenant that is to be in service; and why it cannot be told, by tenant, where it cannot."""

# A manifest's time of change (ns) and inode: tell an artefact from another of the same version name.
_Stamp = tuple[int, int]


class NoModelError(ServiceUnavailableError):
    """No model of the tenant is in service yet."""

    code = "no_model"


@dataclass(frozen=True)
class Model:
    """A model in service. A request takes it once and uses it to its end, whatever comes in between."""

    artifact: Artifact
    popularity: Popularity
    stamp: _Stamp | None
    # The mark of the features that the popularity was read from; None while it is the artefact's own.
    popularity_mark: str | None = None
    # Whether what the online store holds under the version's name may be this artefact's vectors: a registry
    # that was lost counts its versions from the start again.
    own_vectors: bool = True
    # As it was loaded, where the artefact has items that came since.
    base: Artifact | None = None

    @property
    def loaded(self) -> Artifact:
        """The artefact without what came since."""
        return self.base or self.artifact

    @property
    def version(self) -> str:
        return self.artifact.model_version


@dataclass(frozen=True)
class _Refused:
    version: str
    stamp: _Stamp | None
    until: float


@dataclass(frozen=True)
class _Waiting:
    artifact: Artifact
    stamp: _Stamp | None
    since: float


class Shelf:
    """Models by tenant. `look` is called by one background thread; all else by any thread.

    Args:
        vectors_there: whether all user vectors of a tenant's artefact are online; None if nobody knows.
        published: what is to be in service; default: what the pointers say.
        gauge: counts tenants by state; default: that of the served models.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        vectors_there: VectorsThere,
        *,
        clock: Callable[[], float] = time.monotonic,
        published: Callable[[Settings], Published] | None = None,
        gauge: Gauge | None = None,
    ) -> None:
        self._published = published or _published
        self._gauge = gauge or metrics.models
        self._settings = settings
        self._metrics = metrics
        self._vectors_there = vectors_there
        self._clock = clock
        self._lock = threading.Lock()
        self._models: dict[Tenant, Model] = {}
        self._refused: dict[Tenant, _Refused] = {}
        self._waiting: dict[Tenant, _Waiting] = {}
        self._unreadable: dict[Tenant, str] = {}

    def model(self, tenant: Tenant) -> Model:
        """The tenant's model in service.

        Raises:
            NoModelError: there is none yet.
        """
        model = self.find(tenant)
        if model is None:
            raise NoModelError(
                "No model is published for this tenant yet.",
                hint="Upload data, then train and publish a model; this takes effect within a second.",
            )
        return model

    def find(self, tenant: Tenant) -> Model | None:
        """The tenant's model in service, if there is one."""
        return self._models.get(tenant)

    def models(self) -> dict[Tenant, Model]:
        """What is in service now."""
        return dict(self._models)

    def counts(self) -> dict[State, int]:
        """Tenants by state.

        One may be served an older version while its newest is refused, or waits, or cannot be told.
        """
        return {
            "serving": len(self._models),
            "refused": len(self._refused),
            "waiting": len(self._waiting),
            "unreadable": len(self._unreadable),
        }

    def look(self) -> None:
        """Bring the shelf in line with the published versions.

        A tenant whose pointer is gone is served no more. One whose pointer cannot be read keeps its model.
        """
        published, unreadable = self._published(self._settings)
        for tenant, version in published.items():
            self._consider(tenant, version)
        for tenant, reason in unreadable.items() - self._unreadable.items():
            _log.error("model_pointer_unreadable", tenant=tenant.name, reason=reason)
        self._unreadable = unreadable
        self._withdraw(published.keys() | unreadable.keys())
        for state, count in self.counts().items():
            self._gauge.labels(state).set(count)

    def _withdraw(self, published: Set[Tenant]) -> None:
        """Forget everybody but these."""
        for kept in (self._refused, self._waiting):
            for tenant in kept.keys() - published:
                del kept[tenant]
        with self._lock:
            for tenant in self._models.keys() - published:
                del self._models[tenant]
                _log.info("model_withdrawn", tenant=tenant.name)

    def freshen(self, tenant: Tenant, loaded: Artifact, popularity: Popularity, mark: str) -> None:
        """Use a fresher popularity, unless the model was swapped meanwhile.

        Args:
            loaded: the artefact, as it was loaded, whose items it is of.
        """
        with self._lock:
            model = self._models.get(tenant)
            if model is not None and model.loaded is loaded:
                # Items that came since are its last rows, and were never active.
                popularity = popularity.with_length(len(model.artifact.items))
                self._models[tenant] = replace(model, popularity=popularity, popularity_mark=mark)

    def extend(self, tenant: Tenant, loaded: Artifact, artifact: Artifact) -> None:
        """Use a model with items that came since, unless it was swapped meanwhile.

        Args:
            loaded: what it was extended from.
        """
        with self._lock:
            model = self._models.get(tenant)
            if model is not None and model.loaded is loaded:
                # The items that it was extended by before may have other rows now.
                trained = model.popularity.with_length(len(loaded.items))
                popularity = trained.with_length(len(artifact.items))
                self._models[tenant] = replace(model, artifact=artifact, popularity=popularity, base=loaded)

    def _consider(self, tenant: Tenant, version: str) -> None:
        served = self._models.get(tenant)
        stamp = _stamp(self._settings, tenant, version)
        # A manifest out of reach says nothing against the model that is in memory.
        if served is not None and served.version == version and stamp in (served.stamp, None):
            self._refused.pop(tenant, None)
            self._waiting.pop(tenant, None)
            self._await_vectors(tenant, served)
            return
        waiting = self._waiting.get(tenant)
        if waiting is None or (waiting.artifact.model_version, waiting.stamp) != (version, stamp):
            self._waiting.pop(tenant, None)
            artifact = self._load(tenant, version, stamp)
            if artifact is None:
                return
            waiting = _Waiting(artifact, stamp, self._clock())
        if served is not None and self._must_wait(tenant, waiting, served.artifact):
            if tenant not in self._waiting:
                _log.warning("model_waits_for_vectors", tenant=tenant.name, version=version)
            self._waiting[tenant] = waiting
            return
        model = Model(
            waiting.artifact,
            waiting.artifact.popularity,
            waiting.stamp,
            own_vectors=self._vectors_there(tenant, waiting.artifact) is not False,
        )
        with self._lock:
            self._models[tenant] = model
        self._waiting.pop(tenant, None)
        self._metrics.swaps.labels("served").inc()
        _log.info("model_in_service", tenant=tenant.name, version=version, items=len(waiting.artifact.items))

    def _must_wait(self, tenant: Tenant, waiting: _Waiting, served: Artifact) -> bool:
        """Whether people would lose their vectors by the swap, and may yet get them in time."""
        if self._clock() - waiting.since >= HOLD_SECONDS:
            return False
        there = self._vectors_there
        return there(tenant, waiting.artifact) is False and there(tenant, served) is True

    def _await_vectors(self, tenant: Tenant, served: Model) -> None:
        """Use the vectors of a model that went into service without them, once they are there."""
        if not served.own_vectors and self._vectors_there(tenant, served.artifact):
            with self._lock:
                self._models[tenant] = replace(self._models[tenant], own_vectors=True)

    def _load(self, tenant: Tenant, version: str, stamp: _Stamp | None) -> Artifact | None:
        """Load beside the old one and check; None, and nothing else changes, if it is bad."""
        last = self._refused.get(tenant)
        if last and (last.version, last.stamp) == (version, stamp) and self._clock() < last.until:
            return None
        try:
            artifact = load_artifact(version_folder(self._settings, tenant, version), tenant)
            if artifact.model_version != version:
                raise ArtifactError(f"The artefact published as {version} calls itself another version.")
        except (ArtifactError, NotFoundError, OSError, ValueError, MemoryError) as error:
            self._refused[tenant] = _Refused(version, stamp, self._clock() + RETRY_SECONDS)
            self._metrics.swaps.labels("refused").inc()
            _log.error("model_refused", tenant=tenant.name, version=version, reason=str(error))
            return None
        self._refused.pop(tenant, None)
        if artifact.evidence is not None and artifact.evidence.regularization is not None:
            # What folding in needs, made here so that no request waits for it.
            assert len(artifact.gram) == artifact.manifest.dimension
        return artifact


def _published(settings: Settings) -> Published:
    """What the pointers say."""
    versions: dict[Tenant, str] = {}
    unreadable: dict[Tenant, str] = {}
    for tenant in tenants_with_indexes(settings):
        try:
            version = current_version(settings, tenant)
            if version is not None:
                versions[tenant] = version
            elif current_file(settings, tenant).exists():
                unreadable[tenant] = "empty"
        except NotADirectoryError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            unreadable[tenant] = type(error).__name__
    return versions, unreadable


def tenants_with_indexes(settings: Settings) -> Iterator[Tenant]:
    """Whoever has a folder of indexes; a name that is no tenant's is nobody's trouble."""
    with suppress(FileNotFoundError):
        for folder in sorted(settings.index_root.iterdir()):
            with suppress(InvalidInputError):
                yield Tenant(folder.name)


def _stamp(settings: Settings, tenant: Tenant, version: str) -> _Stamp | None:
    """Stamp of a version's manifest; None if it is out of reach."""
    try:
        path: Path = version_folder(settings, tenant, version) / MANIFEST_FILE
        status = path.stat()
    except (NotFoundError, OSError):
        return None
    return status.st_mtime_ns, status.st_ino
