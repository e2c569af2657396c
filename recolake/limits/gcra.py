"""The generic cell rate algorithm (ITU-T I.371, appendix): a rate and a burst in one number a bucket.

A bucket holds the theoretical arrival time `tat`: the moment at which it will be whole again. In any stretch
of T seconds it admits at most `burst + rate * T` units. All times are whole microseconds, as the script in
Redis computes with the same numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """`rate` units a second in the long run, up to `burst` at once.

    Raises:
        ValueError: one of the two is not above zero, or the rate is above a million.
    """

    rate: float
    burst: int

    def __post_init__(self) -> None:
        if not 0 < self.rate <= MICROSECONDS or self.burst < 1:
            raise ValueError(f"not a rate: {self.rate} a second, {self.burst} at once")

    @property
    def interval(self) -> int:
        """Microseconds in which one unit comes back; rounded up, so that never more are admitted."""
        return math.ceil(MICROSECONDS / self.rate)

    @property
    def span(self) -> int:
        """Microseconds in which an empty bucket is whole again."""
        return self.interval * self.burst

    @property
    def window_seconds(self) -> int:
        """The same in seconds, rounded up: `w` of a RateLimit-Policy."""
        return math.ceil(self.span / MICROSECONDS)

    def share(self, parts: int) -> Rate:
        """What each of so many may use, who cannot ask each other: at least one unit."""
        return Rate(self.rate / parts, max(self.burst // parts, 1))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a bucket says: `wait` microseconds until the units would be admitted (0: they are), the units that
    remain, and the microseconds until it is whole again."""

    tat: int
    wait: int
    remaining: int
    whole_in: int

    @property
    def admitted(self) -> bool:
        return self.wait == 0


def take(rate: Rate, tat: int | None, now: int, units: int) -> Verdict:
    """Ask a bucket for units; a refusal leaves it as it was.

    A clock that went back would leave `tat` further ahead than it can be, and shut the bucket for as long as
    the clock went back: it is never believed to be more than empty.

    Args:
        tat: what the bucket holds; None for one that is whole.
        units: 0 only looks.
    """
    known = min(max(tat or now, now), now + rate.span)
    asked = known + units * rate.interval
    wait = max(asked - rate.span - now, 0)
    kept = known if wait else asked
    return Verdict(kept, wait, (now + rate.span - kept) // rate.interval, kept - now)
