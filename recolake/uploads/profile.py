"""What an upload's accepted rows look like, as counts; and the same of the tenant's last weeks, added up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from statistics import median

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Profile:
    """Counts of accepted rows.

    Attributes:
        days: by day of the event, YYYY-MM-DD.
        types: by type.
        prices, worths: by power of two, of the price and of the value's amount.
        anonymous: rows that name no person.
        lag_days: days from the newest event to the landing; None without events.
        known, titled: rows about items that silver knows; about items with a title there or here. None where
            nothing is known to compare with, or the mapping states no titles.
    """

    days: Counts = field(default_factory=dict)
    types: Counts = field(default_factory=dict)
    prices: Counts = field(default_factory=dict)
    worths: Counts = field(default_factory=dict)
    anonymous: int = 0
    lag_days: float | None = None
    known: int | None = None
    titled: int | None = None

    @property
    def rows(self) -> int:
        return sum(self.days.values())

    @property
    def first_day(self) -> date | None:
        return date.fromisoformat(min(self.days)) if self.days else None

    @property
    def last_day(self) -> date | None:
        return date.fromisoformat(max(self.days)) if self.days else None


@dataclass(frozen=True, slots=True)
class History:
    """What counts of the tenant's uploads whose events reach into the last weeks before an upload's first.

    `days`, `types`, `prices` and `worths` are added up over them; `lags` counts uploads by whole days of lag.
    """

    days: Counts = field(default_factory=dict)
    types: Counts = field(default_factory=dict)
    prices: Counts = field(default_factory=dict)
    worths: Counts = field(default_factory=dict)
    anonymous: int = 0
    lags: Counts = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(self.days.values())

    @property
    def usual_lag(self) -> float | None:
        """Median lag in days; None without uploads."""
        lags = [int(days) for days, uploads in self.lags.items() for _ in range(uploads)]
        return float(median(lags)) if lags else None


def divergence(one: Counts, other: Counts) -> float:
    """Jensen-Shannon divergence of two distributions given as counts, in bits: 0 if the same, 1 if disjoint.

    Source: Lin, Divergence measures based on the Shannon entropy, IEEE Trans. Inf. Theory 37 (1991).
    """
    p, q = _shares(one), _shares(other)
    total = 0.0
    for key in p.keys() | q.keys():
        a, b = p.get(key, 0.0), q.get(key, 0.0)
        middle = (a + b) / 2
        total += sum(x * math.log2(x / middle) for x in (a, b) if x > 0)
    return min(max(total / 2, 0.0), 1.0)


def _shares(counts: Counts) -> dict[str, float]:
    total = sum(counts.values())
    return {key: count / total for key, count in counts.items()} if total else {}
