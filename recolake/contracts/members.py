"""Values of a JSON object by the names that a mapping uses, as texts.

Plain Python that imports nothing of ours: it travels to Spark's workers by value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class WrittenNumber(float):
    """A number with a point or an exponent, and how it was written."""

    text: str

    def __new__(cls, text: str) -> WrittenNumber:
        number = super().__new__(cls, text)
        number.text = text
        return number


def parse_object(line: bytes) -> dict[str, Any] | None:
    """The object that a line of JSON is; None where it is none."""
    try:
        said = json.loads(line, parse_float=WrittenNumber)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def member(said: Mapping[str, Any], name: str) -> Any:
    """What an object says under a name, or else under a path with dots; None where it says nothing."""
    if name in said or "." not in name:
        return said.get(name)
    value: Any = said
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def to_text(value: Any) -> str:
    """A value as it is written: null is nothing, a text itself, anything else JSON."""
    if value is None:
        return ""
    if isinstance(value, WrittenNumber):
        return value.text
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
