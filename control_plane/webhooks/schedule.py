"""When a delivery is tried again, and when an endpoint is given up."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

MOST_TRIES = 12
_FIRST = timedelta(seconds=5)
_FACTOR = 4
_LONGEST = timedelta(hours=6)
# Both have to be true: many failures within an hour, or a few over a quiet week, disable nothing.
_MOST_FAILURES = 20
_PATIENCE = timedelta(days=1)

_DICE = random.SystemRandom()


def pause(tries: int, dice: random.Random = _DICE) -> timedelta:
    """How long to wait after so many failed tries: four times as long each time, up to six hours, less a
    random part of up to a half, so that those who failed together do not come back together."""
    factor: int = _FACTOR ** min(tries - 1, MOST_TRIES)
    whole = min(_FIRST * factor, _LONGEST)
    return whole * dice.uniform(0.5, 1.0)


def is_hopeless(failures: int, failing_since: datetime, now: datetime) -> bool:
    """Whether an endpoint that failed so often in a row, since then, is disabled."""
    return failures >= _MOST_FAILURES and now - failing_since >= _PATIENCE
