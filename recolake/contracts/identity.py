"""Identity of an event by its content; `spark_jobs.identify` computes the very same in Spark.

The canonical event is written as netstrings (D. J. Bernstein, 1997: `<byte length>:<text>`, here without the trailing comma),
NULL as `-`: no two different events share an encoding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

SCALE = Decimal("0.0001")
SESSION_PROPERTY = "$session"
QUANTITY_PROPERTY = "$quantity"
PRICE_PROPERTY = "$price"


@dataclass(frozen=True, slots=True)
class CanonicalEvent:
    """What makes an event the same event; every field as text, people and sessions as pseudonyms."""

    tenant: str
    user: str | None
    item: str | None
    type: str | None
    value: str | None
    time: str | None
    order: str | None
    properties: Mapping[str, str | None] = field(default_factory=dict)


def amount_text(amount: Decimal) -> str:
    """An amount with exactly four decimals, rounded half up."""
    return format(amount.quantize(SCALE, rounding=ROUND_HALF_UP), "f")


def time_text(moment: datetime) -> str:
    """Microseconds since 1970-01-01 UTC; the moment must know its zone."""
    seconds = int(moment.replace(microsecond=0).timestamp())
    return str(seconds * 1_000_000 + moment.microsecond)


def netstring(text: str | None) -> str:
    return "-" if text is None else f"{len(text.encode())}:{text}"


def event_id(event: CanonicalEvent) -> str:
    """64 hex digits: SHA-256 of the canonical event; properties without a value are left out."""
    properties = sorted((k, v) for k, v in event.properties.items() if v is not None)
    fields = [event.tenant, event.user, event.item, event.type, event.value, event.time, event.order]
    parts = [*fields, *(part for pair in properties for part in pair)]
    return hashlib.sha256("".join(map(netstring, parts)).encode()).hexdigest()
