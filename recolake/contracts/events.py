"""What an event may be: its types, and how texts become numbers, as Python and Spark SQL both follow it."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

EVENT_TYPES = ("purchase", "return", "view", "click", "cart", "remove_from_cart", "wishlist", "rating")
"""Every type that an event may have; the seed `event_weights` of dbt_project gives each its weight."""

DECIMAL = "DECIMAL(18,4)"
NUMBER_PATTERN = r"^ *[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})? *\z"
"""Java regular expression of a text that is a number."""
TIME_PATTERN = r"^ *[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([T ].*)?\z"
"""Java regular expression of a text that may be a time.

Spark alone would read '12:30' as half past twelve today.
"""

_NUMBER = re.compile(NUMBER_PATTERN.replace(r"\z", r"\Z"))
_STEP = Decimal("0.0001")
_LIMIT = Decimal(10) ** 14


def parse_number(text: str) -> Decimal | None:
    """A text as decimal(18,4), rounded half up; None if it is no number or too large."""
    if not _NUMBER.match(text):
        return None
    return as_decimal(Decimal(text.strip(" ")))


def as_decimal(number: Decimal) -> Decimal | None:
    """A number as decimal(18,4), rounded half up; None if it is too large."""
    if abs(number) >= _LIMIT:
        return None
    rounded = number.quantize(_STEP, rounding=ROUND_HALF_UP)
    return rounded + 0 if abs(rounded) < _LIMIT else None
