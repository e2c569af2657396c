"""Months in UTC: what is metered, limited and billed by."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from recolake.errors import InvalidInputError

_FORM = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)


def month_of(moment: datetime) -> str:
    """The month in UTC that a moment is billed in, such as 2026-03."""
    return moment.astimezone(UTC).strftime("%Y-%m")


def month_start(month: str) -> datetime:
    """The first moment of a month.

    Raises:
        InvalidInputError: it is not of the form 2026-03.
    """
    if not _FORM.fullmatch(month) or month.startswith("0000"):
        raise InvalidInputError(f"'{month}' is not a month.", hint="Write it as 2026-03.", field="month")
    return datetime(int(month[:4]), int(month[5:]), 1, tzinfo=UTC)


def month_end(month: str) -> datetime:
    """The first moment after a month.

    Raises:
        InvalidInputError: it is not of the form 2026-03.
    """
    start = month_start(month)
    if start.month < 12:
        return start.replace(month=start.month + 1)
    if start.year == 9999:
        raise InvalidInputError(f"'{month}' has no end.", hint="Write it as 2026-03.", field="month")
    return start.replace(year=start.year + 1, month=1)
