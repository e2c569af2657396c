"""Keeps the popularity of the models in service as fresh as the online store's.

A catalogue is read in small pieces. A piece that Redis does not bring in time is asked for again a round
later, and what was read before it is kept: a slow store makes a reading late, never vain.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import structlog

from recolake.ranking.artifact import Artifact
from recolake.tenancy.context import Tenant
from serving.marks import Marks
from serving.metrics import Metrics
from serving.people import FeaturesUnavailableError, OnlineFeatures
from serving.shelf import Model, Shelf

PIECE = 100

_log = structlog.get_logger(__name__)


@dataclass
class _Reading:
    """Trend scores [I] of the items that a model was trained on, the first `done` of them read; the mark is
    that of its start. Items that came since have none until the next model."""

    loaded: Artifact
    mark: str
    scores: npt.NDArray[np.float64]
    done: int = 0

    @property
    def complete(self) -> bool:
        return self.done == len(self.scores)


class PopularityRefresh:
    """Reads popularity anew where features changed since it was last read. One thread calls `look`."""

    def __init__(
        self,
        shelf: Shelf,
        features: OnlineFeatures,
        marks: Marks,
        metrics: Metrics,
        stopping: threading.Event,
    ) -> None:
        self._shelf = shelf
        self._features = features
        self._marks = marks
        self._metrics = metrics
        self._stopping = stopping
        self._readings: dict[Tenant, _Reading] = {}

    def look(self) -> None:
        """One round over all models in service; ends early when the server stops."""
        models = self._shelf.models()
        self._readings = {tenant: kept for tenant, kept in self._readings.items() if tenant in models}
        for tenant, model in models.items():
            reading = self._reading(tenant, model)
            if reading is not None and self._read_on(tenant, reading):
                del self._readings[tenant]
                self._publish(tenant, reading)

    def _reading(self, tenant: Tenant, model: Model) -> _Reading | None:
        """The reading to go on with, or a new one if there is something new; None if nobody tells.

        Features that change meanwhile are for the next one, so that each comes to its end.
        """
        mark = self._marks.features(tenant)
        if mark is None or mark == model.popularity_mark:
            return None
        reading = self._readings.get(tenant)
        if reading is None or reading.loaded is not model.loaded:
            reading = _Reading(model.loaded, mark, np.full(len(model.loaded.items), np.nan))
            self._readings[tenant] = reading
        return reading

    def _read_on(self, tenant: Tenant, reading: _Reading) -> bool:
        """Whether all of it is read now."""
        items = reading.loaded.items.ids
        while not reading.complete and not self._stopping.is_set():
            piece = items[reading.done : reading.done + PIECE]
            try:
                scores = self._features.trend_scores(tenant, piece)
            except FeaturesUnavailableError:
                self._metrics.popularity_refreshes.labels("interrupted").inc()
                return False
            reading.scores[reading.done : reading.done + len(piece)] = scores
            reading.done += len(piece)
        return reading.complete

    def _publish(self, tenant: Tenant, reading: _Reading) -> None:
        popularity = reading.loaded.popularity_by(reading.scores)
        self._shelf.freshen(tenant, reading.loaded, popularity, reading.mark)
        self._metrics.popularity_refreshes.labels("ok").inc()
        _log.info("popularity_refreshed", tenant=tenant.name, items=int(np.isfinite(reading.scores).sum()))
