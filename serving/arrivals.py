"""Items that came since the model was made: found within the second, by what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import redis

from recolake.errors import RecolakeError
from recolake.features.online import PublishedRedis
from recolake.profile.items import described_items, described_version, settle
from recolake.ranking.artifact import Artifact
from recolake.ranking.extend import extended
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from serving.shelf import Model, Shelf

_SECONDS = 2.0
# What was stated so long before a model was made is in the tables that it was made from.
_TAKEN_IN = timedelta(days=1)


class Arrivals:
    """Puts them on the shelves, beside each model that can place them; for one background thread."""

    def __init__(self, settings: Settings, shelves: Sequence[Shelf]) -> None:
        self._settings = settings
        self._shelves = shelves
        self._done: dict[tuple[int, Tenant], tuple[Artifact, int]] = {}
        self._redis = PublishedRedis(settings, _SECONDS)

    def look(self) -> None:
        """Bring every model in line with what is said of items; while Redis is away, nothing changes."""
        shelves = [shelf.models() for shelf in self._shelves]
        # What is not in service any more is not kept in memory.
        self._done = {
            (at, tenant): kept for (at, tenant), kept in self._done.items() if tenant in shelves[at]
        }
        for number, (shelf, models) in enumerate(zip(self._shelves, shelves, strict=True)):
            for tenant, model in models.items():
                try:
                    self._consider(number, shelf, tenant, model)
                except (redis.RedisError, RecolakeError):
                    return

    def _consider(self, number: int, shelf: Shelf, tenant: Tenant, model: Model) -> None:
        loaded = model.loaded
        client = self._redis.client()
        version = described_version(client, tenant)
        done = self._done.get((number, tenant))
        if done is not None and done[0] is loaded and done[1] == version:
            return
        if number == 0 and (done is None or done[0] is not loaded):
            made = loaded.manifest.created_at - _TAKEN_IN
            settle(client, tenant, loaded.items.row_of, made.timestamp())
        if version and loaded.placement is not None:
            version, described = described_items(client, tenant)
            found = extended(loaded, described)
            # Made here, so that no request waits for it.
            assert len(found.items.row_of) == len(found.items)
            shelf.extend(tenant, loaded, found)
        self._done[number, tenant] = (loaded, version)
