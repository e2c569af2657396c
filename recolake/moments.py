"""The clock, and moments as whole microseconds since 1970, as Spark and Delta keep them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Gives the present moment, with its time zone."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Since 1970; the moment has a time zone."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)
