"""The rules of `recolake.contracts.rules`, for what comes one by one: what passes here, ingest accepts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from recolake.contracts.events import EVENT_TYPES, as_decimal
from recolake.contracts.rules import EARLIEST, FUTURE_DAYS
from recolake.records.refusals import refuse

_FUTURE = timedelta(days=FUTURE_DAYS)
_EARLIEST = datetime.fromisoformat(EARLIEST).replace(tzinfo=UTC)
_TYPES = frozenset(EVENT_TYPES)


def text_of(value: str | None) -> str | None:
    """A text without blanks around it, None where nothing is left: as ingest reads a file's cell."""
    return (value.strip(" ") or None) if value is not None else None


def checked_type(name: str) -> str:
    """One of the known types.

    Raises:
        RefusedError: it is none.
    """
    found = name.strip(" ")
    if found not in _TYPES:
        raise refuse(
            "unknown_type", "type", f"There is no type '{found}'; there are {', '.join(EVENT_TYPES)}."
        )
    return found


def checked_time(time: datetime, now: datetime) -> datetime:
    """A plausible time, in UTC; one without a zone is UTC.

    Raises:
        RefusedError: it lies before 1990, or more than a day ahead.
    """
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    if aware < _EARLIEST:
        raise refuse("past_time", "time", f"The time lies before {EARLIEST}.")
    if aware > now + _FUTURE:
        raise refuse("future_time", "time", "The time lies more than a day in the future.")
    return aware.astimezone(UTC)


def checked_number(number: Decimal | None, field: str) -> Decimal | None:
    """A number with four decimals.

    Raises:
        RefusedError: it is not finite, or too large.
    """
    if number is None:
        return None
    fitting = as_decimal(number) if number.is_finite() else None
    if fitting is None:
        raise refuse("invalid_number", field, f"'{field}' is no number below 10^14.")
    return fitting


def checked_purchase(number: Decimal | None, field: str) -> None:
    """Pieces and prices of purchases are positive.

    Raises:
        RefusedError: this one is not.
    """
    if number is not None and number <= 0:
        raise refuse(f"{field}_not_positive", field, f"A purchase needs a {field} above 0.")


def property_texts(
    properties: Mapping[str, str | int | float | bool], taken: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Properties as the texts that a file's cells would hold; an empty one says nothing.

    Raises:
        RefusedError: a name is reserved, or has a field of its own (`taken`).
    """
    texts = {}
    for name, value in properties.items():
        if name.startswith("$") or name in taken:
            why = "has a field of its own" if name in taken else "begins with $, which is reserved"
            raise refuse("reserved_property", f"properties.{name}", f"The property's name {why}.")
        text = value if type(value) is str else _scalar(value)
        if text:
            texts[name] = text
    return texts


def _scalar(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
