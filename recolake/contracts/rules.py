"""The rules that a row must keep: each declared once, as a Spark expression that is true where it is broken.

`spark_jobs` quarantines the rows that break one; `expectations` builds its suite from the same list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recolake.contracts.events import EVENT_TYPES
from recolake.contracts.sql_text import literal

EARLIEST = "1990-01-01"
"""Earliest plausible day of an event. What is older is a clock that was never set or a placeholder, and sums
whose weights double with every half-life could not span it."""
FUTURE_DAYS = 1
FUTURE_SLACK = f"INTERVAL {FUTURE_DAYS} DAY"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        reason: stable name, as it stands in `bronze.quarantine.reasons`.
        explanation: what is wrong with a row that breaks it, for people.
        broken: Spark SQL over the canonical columns, plus `kind` (event, item, user), `problem` (the record
            could not be read), `landed_at` and `unreadable` (number fields whose text is no number).
        tolerated: share of an upload's rows that may break it before the upload fails its suite.
    """

    reason: str
    explanation: str
    broken: str
    tolerated: float


_READABLE = "problem IS NULL"
_EVENT = f"{_READABLE} AND kind = 'event'"
_TYPES = ", ".join(literal(name) for name in EVENT_TYPES)

RULES: tuple[Rule, ...] = (
    Rule(
        "malformed_record",
        "The record does not have the columns of its header",
        "problem = 'malformed_record'",
        0.01,
    ),
    Rule("file_truncated", "The file breaks off here", "problem = 'file_truncated'", 0.0),
    Rule(
        "missing_user",
        "Neither a person nor an order nor a session is named",
        f"{_EVENT} AND user_id IS NULL AND order_id IS NULL AND session_id IS NULL",
        0.05,
    ),
    Rule("missing_item", "No item is named", f"{_EVENT} AND item_id IS NULL", 0.02),
    Rule("missing_type", "The event has no type", f"{_EVENT} AND event_type IS NULL", 0.02),
    Rule(
        "unknown_type",
        "The event's type is none that has a weight",
        f"{_READABLE} AND event_type NOT IN ({_TYPES})",
        0.02,
    ),
    Rule(
        "invalid_time", "The time is missing or cannot be read", f"{_READABLE} AND event_time IS NULL", 0.02
    ),
    Rule(
        "past_time",
        f"The time lies before {EARLIEST}",
        f"{_READABLE} AND event_time < TIMESTAMP'{EARLIEST} 00:00:00Z'",
        0.01,
    ),
    Rule(
        "future_time",
        "The time lies more than a day after the upload",
        f"{_READABLE} AND event_time > landed_at + {FUTURE_SLACK}",
        0.01,
    ),
    Rule(
        "invalid_number",
        "A value, quantity or price is not a number",
        f"{_READABLE} AND size(unreadable) > 0",
        0.02,
    ),
    Rule(
        "quantity_not_positive",
        "A purchase of no pieces, or fewer",
        f"{_READABLE} AND event_type = 'purchase' AND quantity <= 0",
        0.05,
    ),
    Rule(
        "price_not_positive",
        "A purchase at no price, or a negative one",
        f"{_READABLE} AND event_type = 'purchase' AND price <= 0",
        0.05,
    ),
)

REFUSALS: Mapping[str, str] = {
    "unknown_tenant": "The message's key names nobody who is known here",
    "too_large": "The message is larger than a record may be",
    "invalid_json": "The message is not JSON",
    "invalid_input": "The message is JSON of another form than a record's",
    "reserved_property": "The name of a property is reserved",
    "invalid_text": "A text holds the character U+0000",
}
"""Reasons for which a message is refused before it could be a row, beside those of `RULES`, and what they
mean. They say nothing about an upload: a stream has no columns that a mapping might have got wrong."""
