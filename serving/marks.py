"""The marks that materialization and publication leave in Redis, as far as Redis tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import redis

from recolake.errors import RecolakeError
from recolake.features.online import PublishedRedis, features_mark, vectors_ready
from recolake.ranking.artifact import Artifact
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from serving.breaker import Breaker

_SECONDS = 0.2
_FAILURES = 3
_Answer = TypeVar("_Answer")


class Marks:
    """Asks Redis; None where it does not tell.

    While it hangs, it is asked about once a second: its silence must not add up over tenants. Safe to share
    between threads.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._breaker = Breaker(failures=_FAILURES)
        self._redis = PublishedRedis(settings, _SECONDS)

    def features(self, tenant: Tenant) -> str | None:
        """Time at which the tenant's features last changed."""
        found = self._ask(lambda client: client.get(features_mark(tenant)))
        return found.decode() if isinstance(found, bytes) else None

    def vectors(self, tenant: Tenant, artifact: Artifact) -> bool | None:
        """Whether all user vectors of this very artefact are there, not just any under its version's name."""
        version, checksum = artifact.model_version, artifact.users_checksum
        return self._ask(lambda client: vectors_ready(client, tenant, version, checksum))

    def _ask(self, question: Callable[[redis.Redis], _Answer]) -> _Answer | None:
        if not self._breaker.allow():
            return None
        try:
            answer = question(self._redis.client())
        except (redis.RedisError, OSError, RecolakeError):
            self._breaker.failed()
            return None
        self._breaker.succeeded()
        return answer
