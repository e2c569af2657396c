"""Moments as whole microseconds since 1970, as Spark and Delta keep them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Since 1970; the moment has a time zone."""
    return (moment - EPOCH) // timedelta(microseconds=1)
