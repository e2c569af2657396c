"""Calls are kept one by one for 90 days, then as sums by day for two years.

Sums are what usage by day and invoices are made of, so both stay what they were. Calls go and sums come in
one transaction: a kill leaves the one or the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from control_plane.database import open_database
from control_plane.usage import repository
from recolake.moments import clock_at
from recolake.settings import Settings
from recolake.tenancy.locks import metering_usage

KEPT_DAYS = 90
SUMMED_DAYS = 730


@dataclass(frozen=True, slots=True)
class Retained:
    """Sums that calls went into, and sums that were too old."""

    summed: int
    forgotten: int


def retain_usage(settings: Settings, as_of: datetime | None = None) -> Retained:
    """Sum up days that ended more than 90 days before the clock, and forget sums of over two years.

    Whole days in UTC: once a day is summed up, nothing is added to it any more.

    Args:
        as_of: what the clock says; default: what it is.

    Raises:
        InvalidInputError: the clock has no time zone.
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    clock = clock_at(as_of)
    today = clock.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with metering_usage(settings), open_database(settings).platform() as session:
        summed = repository.sum_up(session, today - timedelta(days=KEPT_DAYS))
        return Retained(summed, repository.forget_days(session, today - timedelta(days=SUMMED_DAYS)))
