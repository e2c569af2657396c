"""The background: follows what is published, keeps popularity fresh, tends the journal."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import numpy as np
import redis
import structlog

from recolake.endpoints import resolve
from recolake.errors import RecolakeError
from recolake.features.online import features_mark, vectors_mark
from recolake.ranking.artifact import TREND_FILE
from recolake.ranking.popularity import Popularity
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.usage.journal import UsageJournal
from serving.metrics import Metrics
from serving.people import FeaturesUnavailableError, OnlineFeatures
from serving.shelf import Model, Shelf

EVERY_SECONDS = 1.0
_REDIS_SECONDS = 0.2

_log = structlog.get_logger(__name__)


class Marks:
    """The marks that materialization and publication leave in Redis; None where Redis does not tell."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: redis.Redis | None = None
        self._url = ""

    def features(self, tenant: Tenant) -> str | None:
        """Time at which the tenant's features last changed."""
        found = self._ask(lambda client: client.get(features_mark(tenant)))
        return found.decode() if isinstance(found, bytes) else None

    def vectors(self, tenant: Tenant, version: str) -> bool | None:
        """Whether all user vectors of a version are there."""
        found = self._ask(lambda client: client.exists(vectors_mark(tenant, version)))
        return None if found is None else bool(found)

    def _ask(self, question: Callable[[redis.Redis], object]) -> object | None:
        try:
            url = resolve(self._settings, "redis")
            if self._client is None or url != self._url:
                self._url = url
                self._client = redis.Redis.from_url(
                    url, socket_timeout=_REDIS_SECONDS, socket_connect_timeout=_REDIS_SECONDS, retry=None
                )
            return question(self._client)
        except (redis.RedisError, OSError, RecolakeError):
            return None


class Watcher:
    """One thread that looks at everything once a second."""

    def __init__(
        self,
        shelf: Shelf,
        features: OnlineFeatures,
        marks: Marks,
        journal: UsageJournal,
        metrics: Metrics,
    ) -> None:
        self._shelf = shelf
        self._features = features
        self._marks = marks
        self._journal = journal
        self._metrics = metrics
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        """Look once, so that what is published is served from the first request on; then go on by itself."""
        self.look()
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """One round. No failure of one part keeps the others, or the next round, from running."""
        self._try(self._features.reopen)
        self._try(self._shelf.look)
        for tenant, model in self._shelf.models().items():
            self._try(partial(self._freshen, tenant, model))
        self._try(self._journal.tend)

    def _try(self, part: Callable[[], None]) -> None:
        try:
            part()
        except Exception as error:
            _log.error("watcher_part_failed", exc_info=error)

    def _run(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            self.look()

    def _freshen(self, tenant: Tenant, model: Model) -> None:
        """Read popularity anew when features changed since it was last read."""
        mark = self._marks.features(tenant)
        if mark is None or mark == model.popularity_mark:
            return
        items = model.artifact.items.ids
        try:
            fresh = self._features.trend_scores(tenant, items)
        except FeaturesUnavailableError:
            self._metrics.popularity_refreshes.labels("failed").inc()
            return
        known = np.isfinite(fresh)
        trained = np.load(model.artifact.folder / TREND_FILE, allow_pickle=False)
        popularity = Popularity.of(np.where(known, fresh, trained), model.artifact.ranking.popularity_span)
        self._shelf.freshen(tenant, model.version, popularity, mark)
        self._metrics.popularity_refreshes.labels("ok").inc()
        _log.info("popularity_refreshed", tenant=tenant.name, items=int(known.sum()))
