"""What a text can be read as, and how two values compare."""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from recolake.expressions.nodes import Op, Value

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII | re.IGNORECASE
)
OPERATORS: dict[Op, Callable[[Any, Any], Any]] = {
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
    Op.LT: operator.lt,
    Op.LE: operator.le,
    Op.GT: operator.gt,
    Op.GE: operator.ge,
}


def number(text: str) -> float | None:
    """A decimal number, finite; None for any other text."""
    found = float(text) if _NUMBER.fullmatch(text.strip()) else math.nan
    return found if math.isfinite(found) else None


def moment(text: str) -> datetime | None:
    """A day or a moment of ISO 8601, in UTC unless it says otherwise; None for any other text."""
    if not _MOMENT.fullmatch(text.strip()):
        return None
    try:
        found = datetime.fromisoformat(text.strip().upper())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def truth(text: str) -> bool | None:
    """`true` or `false` in any case; None for any other text."""
    return {"true": True, "false": False}.get(text.strip().lower())


def elements(text: str) -> tuple[str, ...]:
    """What an attribute lists: the elements of a JSON array, or else the one text itself."""
    if text.lstrip()[:1] != "[":
        return (text,)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return (text,)
    return tuple(each if isinstance(each, str) else json.dumps(each) for each in found if each is not None)


def compare(left: Value, op: Op, right: Value) -> bool:
    """Two values as the language compares them.

    What is missing equals what is missing, and nothing else; nothing is smaller or larger than it. A text
    that meets a number, a moment or a truth value is read as one; where it cannot be, and for any other two
    kinds, they are neither equal nor in any order.
    """
    if op is Op.NE:
        return not compare(left, Op.EQ, right)
    if left is None or right is None:
        return op is Op.EQ and left is right
    left, right = _read_as(left, right), _read_as(right, left)
    if type(left) is not type(right):
        return False
    if isinstance(left, bool) and op is not Op.EQ:
        return False
    return bool(OPERATORS[op](left, right))


def _read_as(value: Value, other: Value) -> Value:
    """A text as what the other value is, if it can be."""
    if not isinstance(value, str) or isinstance(other, str):
        return value
    if isinstance(other, bool):
        return truth(value)
    return number(value) if isinstance(other, float) else moment(value)
