"""The identity of an event by its content: the same from every source.

SHA-256 of netstrings (`<utf8 bytes>:<text>`, `-` for NULL), so that no two events share an encoding: tenant,
user, item, type, value, time, order, then every property by name. In Spark SQL: `spark_jobs.identify`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from recolake.contracts.events import as_decimal
from recolake.moments import microseconds

SESSION, QUANTITY, PRICE, RECORD = "$session", "$quantity", "$price", "$record"
"""Reserved properties: what tells two events apart but has no place of its own in the encoding.

`$record` stands for a whole record that could not be read.
"""


@dataclass(frozen=True, slots=True)
class EventContent:
    """What identifies an event. A number or time that does not parse is its raw text.

    `user` and `session` are pseudonyms. A time without a zone is UTC.
    """

    tenant: str
    user: str | None = None
    item: str | None = None
    type: str | None = None
    value: Decimal | str | None = None
    time: datetime | str | None = None
    order: str | None = None
    session: str | None = None
    quantity: Decimal | str | None = None
    price: Decimal | str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


def netstring(text: str | None) -> str:
    if text is None:
        return "-"
    return f"{len(text) if text.isascii() else len(text.encode())}:{text}"


def number_text(number: Decimal | str | None) -> str | None:
    """A decimal with exactly four places; a raw text as it is.

    Raises:
        ValueError: the number does not fit decimal(18,4).
    """
    if number is None or isinstance(number, str):
        return number
    fitting = as_decimal(number)
    if fitting is None:
        message = f"{number} does not fit decimal(18,4)"
        raise ValueError(message)
    return f"{fitting:f}"


def time_text(time: datetime | str | None) -> str | None:
    """Microseconds since 1970 as integer text; a raw text as it is."""
    if time is None or isinstance(time, str):
        return time
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return str(microseconds(aware))


def event_id(content: EventContent) -> str:
    """64 hex digits."""
    reserved = (
        (SESSION, content.session),
        (QUANTITY, number_text(content.quantity)),
        (PRICE, number_text(content.price)),
    )
    properties = {**content.properties, **{name: text for name, text in reserved if text is not None}}
    texts = [
        content.tenant,
        content.user,
        content.item,
        content.type,
        number_text(content.value),
        time_text(content.time),
        content.order,
    ]
    for name in sorted(properties):
        texts += (name, properties[name])
    return hashlib.sha256("".join(map(netstring, texts)).encode()).hexdigest()
