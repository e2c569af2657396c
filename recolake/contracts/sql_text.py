"""Texts and names inside Spark SQL, quoted."""

from __future__ import annotations

from recolake.contracts.events import DECIMAL, NUMBER_PATTERN, TIME_PATTERN


def literal(text: str) -> str:
    """A Spark SQL string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def identifier(name: str) -> str:
    """A name, or a path in the place of one, whatever it holds: in backticks."""
    return "`" + name.replace("`", "``") + "`"


def as_number(text: str, decimal: str = DECIMAL) -> str:
    """SQL of a text as a decimal, NULL where it is none; in Python: `events.parse_number`."""
    return f"CASE WHEN {text} RLIKE {literal(NUMBER_PATTERN)} THEN try_cast(trim({text}) AS {decimal}) END"


def as_time(text: str) -> str:
    """SQL of a text as timestamp, NULL where it is none."""
    return f"CASE WHEN {text} RLIKE {literal(TIME_PATTERN)} THEN try_cast(trim({text}) AS TIMESTAMP) END"
