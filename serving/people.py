"""What the online store knows of a person: one read of two keys, with a deadline and a breaker."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import redis
import structlog

from recolake.endpoints import resolve
from recolake.errors import RecolakeError
from recolake.features.names import (
    ITEM_KEY,
    MODEL_KEY,
    TENANT_KEY,
    USER_ATTRIBUTES,
    USER_KEY,
    Service,
    View,
)
from recolake.features.rows import Row, RowReader
from recolake.features.store import online_store, registry_snapshot
from recolake.profile.deeds import NOTHING_RECENT, Recent
from recolake.profile.keys import hidden_version_key
from recolake.ranking.fold_in import Made
from recolake.ranking.popularity import FloatArray
from recolake.ranking.users import Habits
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from serving.breaker import Breaker
from serving.metrics import Metrics

if TYPE_CHECKING:
    from feast import FeatureService, FeatureStore

_VECTORS_A_READ = 100
_HABITS = ("history_days", "history_first_days", "history_last_days")
_RECENT_TEXTS = ("recent_items", "recent_types", "seen_items")
_RECENT_TIMES = ("recent_times", "seen_times")
# A vector is folded in from these; what was taken is much more, and of no use without the history.
_FOLDED = ("recent_items", "recent_types", "recent_times")

_log = structlog.get_logger(__name__)


class FeaturesUnavailableError(Exception):
    """The online store cannot be asked now; answer without it."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person's features; all empty for somebody unknown. `weights` go with `history`, newest first.

    `habits` too; they are None where the store does not say when things were taken.
    """

    vector: FloatArray | None
    history: Sequence[str]
    weights: Sequence[float]
    habits: Habits | None = None
    # What they did just now; None of it is in the above until `serving.present` brings it in.
    recent: Recent = NOTHING_RECENT
    # What the vector was made from just now; None where it is the model's own.
    made: Made | None = None
    # `hidden_version` of the tenant, read beside the person so that an answer need not ask for it anew.
    hidden: int | None = None

    @property
    def known(self) -> bool:
        return self.vector is not None or bool(self.history)


@dataclass(frozen=True)
class _Opened:
    origin: tuple[str, int]
    store: FeatureStore
    client: redis.Redis
    popularity: FeatureService
    person: RowReader
    # What is read of many people at once.
    briefly: RowReader
    # A registry from before there were rules lacks it.
    profile: RowReader | None

    @classmethod
    def at(cls, settings: Settings, origin: tuple[str, int]) -> _Opened:
        """At Redis' address, by the registry of that time."""
        patience = settings.feature_deadline_seconds
        store = online_store(settings, patience)
        of_person, of_profile = _of_person(store), _profile(store)
        briefly: dict[str, Sequence[str]] = {View.USER_VECTOR.value: ("vector",)}
        if of_person.name == Service.LIVE.value:
            briefly[View.USER_RECENT.value] = _FOLDED
        return cls(
            origin,
            store,
            # As Feast's own, without retries: whoever asks has a deadline, and a fallback.
            redis.Redis.from_url(
                origin[0], socket_timeout=patience, socket_connect_timeout=patience, retry=None
            ),
            store.get_feature_service(Service.POPULARITY.value, allow_cache=True),
            RowReader.of(store, of_person),
            RowReader(store, briefly),
            None if of_profile is None else RowReader.of(store, of_profile),
        )


class OnlineFeatures:
    """Reads from the online store; safe to share between threads."""

    def __init__(self, settings: Settings, metrics: Metrics, breaker: Breaker | None = None) -> None:
        self._settings = settings
        self._metrics = metrics
        self.breaker = breaker or Breaker()
        self._opened: _Opened | None = None

    @property
    def ready(self) -> bool:
        """Whether there is a store that can be asked, and it is not failing."""
        return self._opened is not None and not self.breaker.open

    def reopen(self) -> None:
        """Follow the registry snapshot and Redis' address when they change; called in the background."""
        try:
            path = registry_snapshot(self._settings)
            origin = (resolve(self._settings, "redis"), path.stat().st_mtime_ns)
            if self._opened is not None and self._opened.origin == origin:
                return
            opened = _Opened.at(self._settings, origin)
            _warm(opened)
            self._opened = opened
            _log.info("feature_store_opened")
        except (RecolakeError, FileNotFoundError):
            return  # Nothing is published yet; answers say that they are degraded.

    def persons(self, tenant: Tenant, pseudonyms: Sequence[str], model_version: str | None) -> list[Person]:
        """People's features in one read, so ask for few at a time. Vectors are those of this model version
        and no other; none for None.

        Raises:
            FeaturesUnavailableError: Redis does not answer in time, or nothing was ever published.
        """
        opened = self._open_for_reads()
        keys = [
            {TENANT_KEY: tenant.name, USER_KEY: each, MODEL_KEY: model_version or ""} for each in pseudonyms
        ]
        rows, (hidden,) = self._rows(opened, opened.person, keys, [hidden_version_key(tenant)])
        version = int(hidden or 0)
        return [_person(row, version) for row in rows]

    def attributes(self, tenant: Tenant, pseudonym: str) -> dict[str, str | float | None]:
        """What conditions may ask of a person, all of `USER_ATTRIBUTES`; None for what is not known.

        Raises:
            FeaturesUnavailableError: Redis does not answer in time, or such features were never published.
        """
        opened = self._open_for_reads()
        if opened.profile is None:
            raise FeaturesUnavailableError
        keys = {TENANT_KEY: tenant.name, USER_KEY: pseudonym}
        (found,), _ = self._rows(opened, opened.profile, [keys])
        return {name: _plain(found[name]) for name in USER_ATTRIBUTES}

    def people(self, tenant: Tenant, pseudonyms: Sequence[str], model_version: str | None) -> list[Person]:
        """People without their histories: their vectors by this model version and no other, and what they did
        just now.

        Raises:
            FeaturesUnavailableError: Redis does not answer in time, or nothing was ever published.
        """
        found: list[Person] = []
        for start in range(0, len(pseudonyms), _VECTORS_A_READ):
            opened = self._open_for_reads()
            keys = [
                {TENANT_KEY: tenant.name, USER_KEY: each, MODEL_KEY: model_version or ""}
                for each in pseudonyms[start : start + _VECTORS_A_READ]
            ]
            found += [_briefly(row) for row in self._rows(opened, opened.briefly, keys)[0]]
        return found

    def _open_for_reads(self) -> _Opened:
        opened = self._opened
        if opened is None or not self.breaker.allow():
            raise FeaturesUnavailableError
        return opened

    def _rows(
        self,
        opened: _Opened,
        reader: RowReader,
        keys: Sequence[dict[str, str]],
        others: Sequence[str] = (),
    ) -> tuple[list[Row], list[bytes | None]]:
        """A row for each of the keys, and what lies under others."""
        began = time.perf_counter()
        try:
            answer = reader.read_with(opened.client, keys, others)
        except (redis.RedisError, OSError) as error:
            self.breaker.failed()
            self._metrics.features_refused.set(self.breaker.open)
            self._metrics.feature_reads.labels("failed").observe(time.perf_counter() - began)
            raise FeaturesUnavailableError from error
        self.breaker.succeeded()
        self._metrics.features_refused.set(0)
        self._metrics.feature_reads.labels("ok").observe(time.perf_counter() - began)
        return answer

    def trend_scores(self, tenant: Tenant, items: Sequence[str]) -> npt.NDArray[np.float64]:
        """[I] trend score of each item, NaN where the store has none; one read, so ask for few at a time.

        Raises:
            FeaturesUnavailableError: Redis does not answer in time, or nothing was ever published.
        """
        opened = self._opened
        if opened is None:
            raise FeaturesUnavailableError
        rows = {TENANT_KEY: [tenant.name] * len(items), ITEM_KEY: list(items)}
        try:
            answer = opened.store.get_online_features(opened.popularity, rows).proto
        except (redis.RedisError, OSError) as error:
            raise FeaturesUnavailableError from error
        column = list(answer.metadata.feature_names.val).index("trend_score")
        values = answer.results[column].values
        return np.array([value.double_val if value.WhichOneof("val") else np.nan for value in values])


def _of_person(store: FeatureStore) -> FeatureService:
    """The newest that the registry knows; after an upgrade an older one until the next materialization."""
    from feast.errors import FeatureServiceNotFoundException

    for service in (Service.LIVE, Service.RECOMMENDATION):
        with suppress(FeatureServiceNotFoundException):
            return store.get_feature_service(service.value, allow_cache=True)
    return store.get_feature_service(Service.RECOMMENDATION_V1.value, allow_cache=True)


def _warm(opened: _Opened) -> None:
    """Read nobody, so that no request pays for what is imported and connected on the first read."""
    with suppress(redis.RedisError, OSError):
        opened.person.read(opened.client, [{TENANT_KEY: "", USER_KEY: "", MODEL_KEY: ""}])


def _profile(store: FeatureStore) -> FeatureService | None:
    from feast.errors import FeatureServiceNotFoundException

    try:
        return store.get_feature_service(Service.PROFILE.value, allow_cache=True)
    except FeatureServiceNotFoundException:
        return None


def _plain(value: Any) -> str | float | None:
    """A text or a number of Feast's."""
    kind = value.WhichOneof("val")
    if kind is None:
        return None
    found = getattr(value, kind)
    return found if isinstance(found, str) else float(found)


def _person(row: Row, hidden: int) -> Person:
    return Person(
        vector=_vector(row["vector"]),
        history=list(row["history_items"].string_list_val.val),
        weights=list(row["history_weights"].double_list_val.val),
        habits=_habits(row),
        recent=_recent(row),
        hidden=hidden,
    )


def _briefly(row: Row) -> Person:
    return Person(_vector(row["vector"]), (), (), recent=_recent(row))


def _vector(value: Any) -> FloatArray | None:
    numbers = value.float_list_val.val
    # By way of a list: element by element the message is slower to ask.
    return np.array(list(numbers), dtype=np.float32) if numbers else None


def _recent(row: Row) -> Recent:
    """Nothing where an earlier service was asked, and without what was taken where that was not asked for."""
    if "recent_items" not in row:
        return NOTHING_RECENT
    items, types, seen = (
        list(row[name].string_list_val.val) if name in row else [] for name in _RECENT_TEXTS
    )
    at, seen_at = (list(row[name].int64_list_val.val) if name in row else [] for name in _RECENT_TIMES)
    if not len(items) == len(types) == len(at) or len(seen) != len(seen_at):
        return NOTHING_RECENT
    return Recent(items, types, at, seen, seen_at)


def _habits(row: Row) -> Habits | None:
    try:
        parts = [row[name].int64_list_val.val for name in _HABITS]
    except KeyError:
        return None  # An earlier service was asked.
    return Habits.of(*parts)
