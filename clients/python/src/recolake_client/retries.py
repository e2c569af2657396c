"""When a request is sent again, and after how long. Pure: the clients wait."""

from __future__ import annotations

import datetime as dt
import random
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

_REFUSED_UNDONE = frozenset({429})
"""Nothing was begun: sending again is safe, whatever the request."""
_PASSING = frozenset({429, 502, 503, 504})
_SECONDS = re.compile(r"\s*\d+(\.\d+)?\s*", re.ASCII)
_IN_USE = "idempotency_key_in_use"


@dataclass(frozen=True)
class Retries:
    """How often, and how patiently.

    attempts: tries in all; 1 is none again. first_wait: seconds at most before the second try, doubled with
    each further one up to longest_wait; the wait is a random part of it, so that many clients do not come
    back at once. patience: the longest `Retry-After` in seconds that is waited for; beyond it the error is
    raised.
    """

    attempts: int = 4
    first_wait: float = 0.25
    longest_wait: float = 8.0
    patience: float = 30.0

    def wait(
        self, attempt: int, retry_after: float | None = None, chance: float | None = None
    ) -> float | None:
        """Seconds before the try after `attempt` (1 is the first), or None where there is none.

        Never less than `Retry-After`; `chance` (0 to 1) stands for the random part.
        """
        if attempt >= self.attempts or (retry_after or 0.0) > self.patience:
            return None
        most = min(self.first_wait * 2.0 ** min(attempt - 1, 30), self.longest_wait)
        return (retry_after or 0.0) + most * (random.random() if chance is None else chance)  # noqa: S311


def passes(status: int, code: str, safe: bool) -> bool:
    """Whether an answer may be another one soon, and asking again cannot do a thing twice.

    safe: the method is idempotent, or an `Idempotency-Key` came with the request.
    """
    if status in _REFUSED_UNDONE:
        return True
    # The first try is still being worked on: its answer will be there.
    return safe and (status in _PASSING or code == _IN_USE)


def seconds_of(header: str | None, now: dt.datetime) -> float | None:
    """`Retry-After` (RFC 9110): seconds, or a date. None where there is none, or it cannot be read."""
    if header is None:
        return None
    if _SECONDS.fullmatch(header):
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    # A zone of -0000 says that the time is UTC, and is read as none.
    aware = until if until.tzinfo else until.replace(tzinfo=dt.UTC)
    return max((aware - now).total_seconds(), 0.0)
