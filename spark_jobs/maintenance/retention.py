"""How long a table keeps what newer versions do not use any more."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

FILES, LOG = "delta.deletedFileRetentionDuration", "delta.logRetentionDuration"
"""Delta's names of the two spans (https://docs.delta.io/latest/table-properties.html)."""
_STEP = timedelta(weeks=1)
# Delta cuts its log at the end of a day.
_MARGIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a file stays after it was replaced, and how long an entry stays in the log.

    VACUUM goes by the table's property, never by `RETAIN`: which replaced files Delta still knows of is
    decided by the property, so that a longer `RETAIN` alone would not protect them.
    """

    files: timedelta
    log: timedelta

    @property
    def properties(self) -> dict[str, str]:
        """The table properties that say so."""
        return {FILES: _interval(self.files), LOG: _interval(self.log)}


USUAL = Retention(files=timedelta(days=7), log=timedelta(days=30))
"""Where nothing is pinned: no reader takes a week, and a month of history is there to look at."""


def retention(pinned_at: datetime | None, now: datetime, usual: Retention = USUAL) -> Retention:
    """What keeps a version readable that was the latest at `pinned_at`; None: no version is pinned.

    The spans grow by whole weeks, so that a pin that gets older does not change the table every day.
    """
    if pinned_at is None:
        return usual
    weeks = math.ceil((now - pinned_at + _MARGIN) / _STEP)
    return Retention(max(usual.files, weeks * _STEP), max(usual.log, weeks * _STEP))


def _interval(span: timedelta) -> str:
    return f"interval {math.ceil(span / timedelta(hours=1))} hours"
