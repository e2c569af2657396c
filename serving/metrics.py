"""What the server counts and measures, for Prometheus. No label names a tenant or a person."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_SECONDS = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """One application's metrics.

    With several workers, PROMETHEUS_MULTIPROC_DIR names the folder through which they are added up.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Histogram(
            "recolake_http_request_seconds",
            "Time from request to answer, by route and status",
            ("method", "route", "status"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.recommendations = Counter(
            "recolake_recommendations",
            "Answered recommendation requests",
            ("strategy", "fallback", "degraded"),
            registry=self._registry,
        )
        self.feature_reads = Histogram(
            "recolake_feature_read_seconds",
            "Time of one read of a person's online features, by outcome",
            ("outcome",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.features_refused = Gauge(
            "recolake_feature_breaker_open",
            "1 while online features are not asked for, because they failed",
            multiprocess_mode="livemax",
            registry=self._registry,
        )
        self.models = Gauge(
            "recolake_models",
            "Tenants by the state of their model",
            ("state",),
            multiprocess_mode="livemax",
            registry=self._registry,
        )
        self.challengers = Gauge(
            "recolake_challengers",
            "Tenants by the state of their experiment's challenger",
            ("state",),
            multiprocess_mode="livemax",
            registry=self._registry,
        )
        self.experiments = Gauge(
            "recolake_experiments",
            "Tenants with an experiment, by whether both of its variants answer",
            ("state",),
            multiprocess_mode="livemax",
            registry=self._registry,
        )
        self.variants = Counter(
            "recolake_variant_answers",
            "Answers by variant, and whether the challenger failed and the champion answered in its place",
            ("variant", "failed"),
            registry=self._registry,
        )
        self.records = Counter(
            "recolake_records",
            "Acknowledged records, by what they are about",
            ("kind",),
            registry=self._registry,
        )
        self.spool_syncs = Counter(
            "recolake_spool_syncs",
            "How often the disk was asked to keep records; requests that wait together share one",
            registry=self._registry,
        )
        self.profile_deeds = Counter(
            "recolake_profile_deeds",
            "Events that were added to what Redis keeps of people",
            registry=self._registry,
        )
        self.profile_rows = Counter(
            "recolake_profile_rows",
            "Rows of people that were written through Feast's push source",
            registry=self._registry,
        )
        self.broker_failures = Counter(
            "recolake_broker_failures",
            "Requests that Kafka did not take, so that the spool took them",
            registry=self._registry,
        )
        self.limit_failures = Counter(
            "recolake_limit_failures",
            "Requests whose limits Redis did not judge, so that the worker's own share of them did",
            registry=self._registry,
        )
        self.swaps = Counter(
            "recolake_model_swaps",
            "Model versions taken into service, or refused",
            ("outcome",),
            registry=self._registry,
        )
        self.popularity_refreshes = Counter(
            "recolake_popularity_refreshes",
            "Readings of the whole catalogue's popularity, by outcome",
            ("outcome",),
            registry=self._registry,
        )

    def render(self) -> bytes:
        """All of it, in Prometheus' text format."""
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            shared = CollectorRegistry()
            MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
            return generate_latest(shared)
        return generate_latest(self._registry)
