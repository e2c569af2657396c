"""How many attempts are free, and how long one waits after more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_LONGEST = timedelta(minutes=15)
_FIRST = timedelta(seconds=30)
# After this long without an attempt everything is forgotten.
MEMORY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Attempts:
    """Attempts of one subject since its last success."""

    count: int = 0
    last_at: datetime | None = None
    blocked_until: datetime | None = None

    def wait(self, now: datetime) -> timedelta | None:
        """How long none is looked at any more; None if one may come now."""
        if self.blocked_until is None or self.blocked_until <= now:
            return None
        return self.blocked_until - now

    def with_one_more(self, now: datetime, free: int) -> Attempts:
        """After one more. The `free`-th is the last without a wait; from then on each doubles it."""
        forgotten = self.last_at is None or now - self.last_at > MEMORY
        count = 1 if forgotten else self.count + 1
        beyond = count - free
        delay = min(_FIRST * 2 ** min(beyond, 10), _LONGEST) if beyond >= 0 else None
        return Attempts(count, now, now + delay if delay else None)
