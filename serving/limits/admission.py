"""What a limiter said about one request, and the headers that tell it.

The headers are those of draft-ietf-httpapi-ratelimit-headers-10 (`RateLimit-Policy: "key";q=100;w=10`,
`RateLimit: "key";r=42;t=3`). A bucket's `q` is its burst and `w` the seconds in which it fills, `t` the
seconds until it is whole again; a quota's `w` is a month of 31 days at most, so `t` alone is exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from recolake.limits.gcra import MICROSECONDS, Rate, Verdict
from recolake.limits.plans import Quota


@dataclass(frozen=True, slots=True)
class QuotaState:
    """A quota after the request: what remains of `limit`, and the seconds until the month ends.

    `counter` is its key in Redis, from which `counted` units are given back where there was no answer.
    """

    kind: Quota
    limit: int
    remaining: int
    seconds_left: int
    refused: bool
    counter: str
    counted: int


@dataclass(frozen=True, slots=True)
class Admission:
    """Each rate by its name (`key`, `tenant`) with what its bucket said, and the quota if there is one."""

    rates: Sequence[tuple[str, Rate, Verdict]]
    quota: QuotaState | None

    @property
    def counted(self) -> QuotaState | None:
        """The quota that this request used; None where there is none, or the request was refused."""
        if self.quota is None or self.quota.refused or not all(said.admitted for _, _, said in self.rates):
            return None
        return self.quota if self.quota.counted else None

    def headers(self) -> list[tuple[bytes, bytes]]:
        """`ratelimit-policy` and `ratelimit`; nothing where nothing limits."""
        policies = [f'"{name}";q={rate.burst};w={rate.window_seconds}' for name, rate, _ in self.rates]
        states = [
            f'"{name}";r={said.remaining};t={math.ceil(max(said.wait, said.whole_in) / MICROSECONDS)}'
            for name, _, said in self.rates
        ]
        if self.quota is not None:
            policies.append(f'"quota-{self.quota.kind}";q={self.quota.limit}')
            states.append(f'"quota-{self.quota.kind}";r={self.quota.remaining};t={self.quota.seconds_left}')
        if not policies:
            return []
        return [
            (b"ratelimit-policy", ", ".join(policies).encode()),
            (b"ratelimit", ", ".join(states).encode()),
        ]
