"""Items that were said not to be had: gone from the very next answer of every server.

Each answer asks Redis for one small number, beside the person where one is read; only where it changed, for
the items. While Redis does not answer, what was known last holds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import redis

from recolake.errors import RecolakeError
from recolake.features.online import PublishedRedis
from recolake.profile.items import hidden_items, hidden_version
from recolake.ranking.artifact import Artifact
from recolake.ranking.rules.rules import BoolArray, Rules
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from serving.breaker import Breaker


@dataclass(frozen=True)
class _Known:
    version: int
    items: frozenset[str]


_NOTHING = _Known(0, frozenset())


class Hidden:
    """What is hidden, by tenant; safe to share between threads."""

    def __init__(self, settings: Settings, breaker: Breaker | None = None) -> None:
        self._settings = settings
        self._breaker = breaker or Breaker()
        self._known: dict[Tenant, _Known] = {}
        self._masks: dict[Tenant, tuple[Artifact, int, BoolArray | None]] = {}
        self._redis = PublishedRedis(settings, settings.feature_deadline_seconds)

    def rules(
        self, tenant: Tenant, artifact: Artifact, rules: Rules | None, version: int | None = None
    ) -> Rules | None:
        """The rules of a request, and that nothing hidden is shown; None where there is neither.

        Args:
            version: of what is hidden, as Redis told it for this request; None where it was not asked yet.
        """
        shown = self._shown(tenant, artifact, version)
        if shown is None:
            return rules
        if rules is None or rules.eligible is None:
            return replace(rules or Rules(), eligible=shown)
        return replace(rules, eligible=rules.eligible & shown)

    def _shown(self, tenant: Tenant, artifact: Artifact, version: int | None) -> BoolArray | None:
        """[I] what may be shown; None: everything. Made once for each model and version."""
        known = self._look(tenant, version)
        if not known.items:
            return None
        made = self._masks.get(tenant)
        if made is not None and made[0] is artifact and made[1] == known.version:
            return made[2]
        rows = artifact.items.rows(sorted(known.items))
        mask: BoolArray | None = None
        if (rows >= 0).any():
            mask = np.ones(len(artifact.items), dtype=np.bool_)
            mask[rows[rows >= 0]] = False
        self._masks[tenant] = (artifact, known.version, mask)
        return mask

    def _look(self, tenant: Tenant, version: int | None) -> _Known:
        known = self._known.get(tenant, _NOTHING)
        if version == known.version:
            return known
        if not self._breaker.allow():
            return known
        try:
            client = self._redis.client()
            version = hidden_version(client, tenant)
            if version != known.version:
                known = self._known[tenant] = _Known(*hidden_items(client, tenant))
        except (redis.RedisError, OSError, RecolakeError):
            self._breaker.failed()
            return known
        self._breaker.succeeded()
        return known
