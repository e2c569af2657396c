"""Items that came since the model was made: found within the second, by what is said of them."""

from __future__ import annotations

from collections.abc import Sequence

import redis

from recolake.endpoints import resolve
from recolake.errors import RecolakeError
from recolake.profile.items import described_items, described_version, settle
from recolake.ranking.artifact import Artifact
from recolake.ranking.extend import extended
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from serving.shelf import Model, Shelf

_SECONDS = 2.0


class Arrivals:
    """Puts them on the shelves, beside each model that can place them; for one background thread."""

    def __init__(self, settings: Settings, shelves: Sequence[Shelf]) -> None:
        self._settings = settings
        self._shelves = shelves
        self._done: dict[tuple[int, Tenant], tuple[Artifact, int]] = {}
        self._opened: tuple[str, redis.Redis] | None = None

    def look(self) -> None:
        """Bring every model in line with what is said of items; while Redis is away, nothing changes."""
        for number, shelf in enumerate(self._shelves):
            for tenant, model in shelf.models().items():
                try:
                    self._consider(number, shelf, tenant, model)
                except (redis.RedisError, RecolakeError):
                    return

    def _consider(self, number: int, shelf: Shelf, tenant: Tenant, model: Model) -> None:
        loaded = model.loaded
        if loaded.placement is None:
            return
        client = self._client()
        version = described_version(client, tenant)
        done = self._done.get((number, tenant))
        if done is not None and done[0] is loaded and done[1] == version:
            return
        if version:
            version, described = described_items(client, tenant)
            found = extended(loaded, described)
            # Made here, so that no request waits for it.
            assert len(found.items.row_of) == len(found.items)
            shelf.extend(tenant, loaded, found)
            if number == 0:
                settle(client, tenant, [item for item in described if item in loaded.items.row_of])
        self._done[number, tenant] = (loaded, version)

    def _client(self) -> redis.Redis:
        """A client of the address that is published now."""
        url = resolve(self._settings, "redis")
        if self._opened is None or self._opened[0] != url:
            client = redis.Redis.from_url(
                url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS, retry=None
            )
            self._opened = (url, client)
        return self._opened[1]
