"""Buckets of one worker, for as long as Redis does not answer: each worker has its share of every rate."""

from __future__ import annotations

import threading
from collections import OrderedDict

from recolake.limits.gcra import Rate, Verdict, take

_MOST_BUCKETS = 100_000


class LocalBuckets:
    """Safe to share between threads.

    Args:
        workers: how many share a rate without asking each other.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._lock = threading.Lock()
        self._tats: OrderedDict[str, int] = OrderedDict()

    def take(self, asked: list[tuple[str, Rate]], now: int, units: int) -> list[Verdict]:
        """Ask buckets by name for units: all give, or none does."""
        with self._lock:
            shares = [(name, rate.share(self._workers)) for name, rate in asked]
            said = [take(rate, self._tats.get(name), now, units) for name, rate in shares]
            if not all(each.admitted for each in said):
                looks = [take(rate, self._tats.get(name), now, 0) for name, rate in shares]
                return [
                    Verdict(look.tat, each.wait, look.remaining, look.whole_in)
                    for look, each in zip(looks, said, strict=True)
                ]
            for (name, _), each in zip(shares, said, strict=True):
                self._tats[name] = each.tat
                self._tats.move_to_end(name)
            while len(self._tats) > _MOST_BUCKETS:
                self._tats.popitem(last=False)  # The least used is whole again by now, or nearly.
            return said
