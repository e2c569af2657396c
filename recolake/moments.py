"""The clock, and moments as whole microseconds since 1970, as Spark and Delta keep them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from recolake.errors import InvalidInputError

Clock = Callable[[], datetime]
"""Gives the present moment, with its time zone."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Since 1970; the moment has a time zone."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def clock_at(as_of: datetime | None) -> datetime:
    """What the clock says, or is told to say.

    Raises:
        InvalidInputError: it is told a time without a zone.
    """
    clock = as_of or utc_now()
    if clock.tzinfo is None:
        raise InvalidInputError("The time has no zone.", hint="Write 2026-03-01T00:00:00Z.", field="as_of")
    return clock
