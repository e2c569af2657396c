"""Admits requests: one script in Redis judges key, tenant and quota together, for all workers at once.

A request waits for Redis as long as it would for features. While Redis does not answer, each worker keeps
its share of the rates in memory, and quotas wait: what is billed is in the journal whatever Redis knows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import redis.asyncio
import structlog
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from recolake.endpoints import resolve
from recolake.errors import ServiceUnavailableError
from recolake.limits.calendar import month_end, month_of
from recolake.limits.gcra import MICROSECONDS, Rate, Verdict
from recolake.limits.plans import PlanSnapshot, Quota, TenantPlan
from recolake.settings import Settings
from recolake.tenancy.api_keys import KeyRecord
from recolake.tenancy.context import Tenant
from serving.breaker import Breaker
from serving.limits.admission import Admission, QuotaState
from serving.limits.local import LocalBuckets
from serving.metrics import Metrics

SCRIPT = (Path(__file__).parent / "admit.lua").read_text()
# Where Redis lost the counter, it begins anew with what PostgreSQL knows.
_GIVE_BACK = "if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('DECRBY', KEYS[1], ARGV[1]) end"
# A counter outlives its month by as much as clocks may differ.
_COUNTER_SLACK_SECONDS = 86_400

_log = structlog.get_logger(__name__)


class Limiter:
    """Judges requests of tenants that have a plan; of others it asks nobody. Belongs to one event loop."""

    def __init__(
        self,
        settings: Settings,
        plans: PlanSnapshot,
        metrics: Metrics,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        breaker: Breaker | None = None,
    ) -> None:
        self._settings, self._plans, self._metrics, self._now = settings, plans, metrics, now
        self._breaker = breaker or Breaker(failures=1)
        self._local = LocalBuckets(settings.api_workers)
        self._client: redis.asyncio.Redis | None = None
        self._script: AsyncScript | None = None

    def limits(self, tenant: Tenant) -> bool:
        """Whether the tenant has a plan."""
        return self._plans.of(tenant) is not None

    async def admit(self, caller: KeyRecord, units: int, quota: Quota | None, counted: int) -> Admission:
        """Take units of the caller's rates, and `counted` of a quota: all or nothing, as the answer says."""
        plan = self._plans.of(caller.tenant)
        if plan is None:
            return Admission((), None)
        now = self._now()
        rates = _rates(plan, caller)
        if self._breaker.allow():
            try:
                admission = await self._ask(plan, caller.tenant, rates, units, quota, counted, now)
            except (RedisError, OSError, ServiceUnavailableError, TimeoutError) as error:
                self._breaker.failed()
                self._metrics.limit_failures.inc()
                _log.warning("limits_are_local", reason=type(error).__name__)
                await self._let_go()
            else:
                self._breaker.succeeded()
                return admission
        moment = time.monotonic_ns() // 1_000
        said = self._local.take([(key, rate) for _, key, rate in rates], moment, units)
        return Admission([(n, rate, v) for (n, _, rate), v in zip(rates, said, strict=True)], None)

    async def give_back(self, admission: Admission) -> None:
        """There was no answer to bill, so the quota is as it was; where Redis is away it stays counted."""
        quota = admission.counted
        if quota is None or self._client is None:
            return
        try:
            await self._client.register_script(_GIVE_BACK)(keys=[quota.counter], args=[quota.counted])
        except (RedisError, OSError) as error:
            _log.warning("quota_not_given_back", reason=type(error).__name__)

    async def close(self) -> None:
        """Let go of Redis; the next request finds it anew."""
        client, self._client, self._script = self._client, None, None
        if client is not None:
            try:
                await client.aclose()
            except (RedisError, OSError, RuntimeError):
                _log.info("redis_was_gone")

    async def _let_go(self) -> None:
        """The next request finds Redis anew; others that wait on this client's connections end by themselves.

        A connection that is closed under a request raises whatever its transport does then.
        """
        client, self._client, self._script = self._client, None, None
        if client is not None:
            with suppress(RedisError, OSError):
                await client.connection_pool.disconnect(inuse_connections=False)

    def _opened(self) -> AsyncScript:
        if self._script is None:
            patience = self._settings.feature_deadline_seconds
            self._client = redis.asyncio.Redis.from_url(
                resolve(self._settings, "redis"), socket_timeout=patience, socket_connect_timeout=patience
            )
            self._script = self._client.register_script(SCRIPT)
        return self._script

    async def _ask(
        self,
        plan: TenantPlan,
        tenant: Tenant,
        rates: list[tuple[str, str, Rate]],
        units: int,
        quota: Quota | None,
        counted: int,
        now: datetime,
    ) -> Admission:
        month = month_of(now)
        limit, used = (quota is not None and plan.quota(quota, month)) or (-1, 0)
        left = max(int((month_end(month) - now).total_seconds()), 1)
        counter = f"recolake:{tenant}:quota:{quota or 'none'}:{month}"
        by_name = {name: (key, rate) for name, key, rate in rates}
        keys = [by_name[name][0] if name in by_name else f"recolake:{tenant}:rate:{name}" for name in _NAMES]
        arguments: list[Any] = [units, ""]
        for name in _NAMES:
            rate = by_name[name][1] if name in by_name else None
            arguments += [rate.interval, rate.span] if rate else [0, 0]
        arguments += [counted, limit, used, left + _COUNTER_SLACK_SECONDS]
        said = await self._opened()(keys=[*keys, counter], args=arguments)
        verdicts = {
            "key": Verdict(0, said[0], said[1], said[2]),
            "tenant": Verdict(0, said[3], said[4], said[5]),
        }
        state = None
        if quota is not None and limit >= 0:
            state = QuotaState(quota, limit, said[7], left, bool(said[6]), counter, counted)
        return Admission([(name, rate, verdicts[name]) for name, _, rate in rates], state)


_NAMES = ("key", "tenant")


def _rates(plan: TenantPlan, caller: KeyRecord) -> list[tuple[str, str, Rate]]:
    """Name, key in Redis and rate of each that the plan has."""
    found = [("key", f"recolake:{caller.tenant}:rate:{caller.key_id}", plan.per_key)]
    found.append(("tenant", f"recolake:{caller.tenant}:rate:tenant", plan.per_tenant))
    return [(name, key, rate) for name, key, rate in found if rate is not None]


def retry_after(verdict: Verdict) -> float:
    """Seconds until a refused request would be admitted."""
    return verdict.wait / MICROSECONDS
