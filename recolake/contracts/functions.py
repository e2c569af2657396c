"""Functions that a mapping's expressions may call: of Spark SQL, over one row, and none fails on its data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What an expression gives. Raw columns are text."""

    TEXT = "text"
    NUMBER = "a number"
    BOOLEAN = "a condition"
    TIME = "a time"
    NULL = "nothing"


class Argument(StrEnum):
    """What a function takes at one place. The last three have to be written down as literals."""

    TEXT = "text"
    NUMBER = "a number"
    SAME = "a value of one kind"
    INTEGER = "a whole number, written down"
    PATTERN = "a regular expression, written down"
    TIME_FORMAT = "a time format, written down"


@dataclass(frozen=True, slots=True)
class Function:
    """A signature. `gives` None: the kind of the arguments; `more`: what may follow, any number of times."""

    sql: str
    takes: tuple[Argument, ...]
    gives: Kind | None
    optional: int = 0
    more: Argument | None = None

    def accepts(self, count: int) -> bool:
        least = len(self.takes) - self.optional
        return least <= count and (count <= len(self.takes) or self.more is not None)

    def argument(self, index: int) -> Argument:
        if index < len(self.takes):
            return self.takes[index]
        assert self.more is not None
        return self.more


_T, _N, _S, _I, _P = Argument.TEXT, Argument.NUMBER, Argument.SAME, Argument.INTEGER, Argument.PATTERN
_F = Argument.TIME_FORMAT

FUNCTIONS = {
    "trim": Function("trim", (_T,), Kind.TEXT),
    "ltrim": Function("ltrim", (_T,), Kind.TEXT),
    "rtrim": Function("rtrim", (_T,), Kind.TEXT),
    "upper": Function("upper", (_T,), Kind.TEXT),
    "lower": Function("lower", (_T,), Kind.TEXT),
    "initcap": Function("initcap", (_T,), Kind.TEXT),
    "substr": Function("substr", (_T, _I, _I), Kind.TEXT, optional=1),
    "substring": Function("substr", (_T, _I, _I), Kind.TEXT, optional=1),
    "concat": Function("concat", (_T,), Kind.TEXT, more=_T),
    "concat_ws": Function("concat_ws", (_T, _T), Kind.TEXT, more=_T),
    "replace": Function("replace", (_T, _T, _T), Kind.TEXT),
    "regexp_replace": Function("regexp_replace", (_T, _P, _T), Kind.TEXT),
    "regexp_extract": Function("regexp_extract", (_T, _P, _I), Kind.TEXT, optional=1),
    "length": Function("length", (_T,), Kind.NUMBER),
    "round": Function("round", (_N, _I), Kind.NUMBER, optional=1),
    "abs": Function("abs", (_N,), Kind.NUMBER),
    "coalesce": Function("coalesce", (_S,), None, more=_S),
    "nullif": Function("nullif", (_S, _S), None),
    "to_timestamp": Function("try_to_timestamp", (_T, _F), Kind.TIME, optional=1),
    "timestamp_seconds": Function("timestamp_seconds", (_N,), Kind.TIME),
    "timestamp_millis": Function("timestamp_millis", (_N,), Kind.TIME),
    "try_to_timestamp": Function("try_to_timestamp", (_T, _F), Kind.TIME, optional=1),
}

# Spark's own fail on numbers that are out of range, or finer than a microsecond.
_LAST_SECOND = 253_402_300_799
SINCE_1970 = {
    "timestamp_seconds": f"CASE WHEN {{0}} BETWEEN 0 AND {_LAST_SECOND} "
    "THEN timestamp_seconds(CAST({0} AS DECIMAL(18,6))) END",
    "timestamp_millis": f"CASE WHEN {{0}} BETWEEN 0 AND {_LAST_SECOND}999 "
    "THEN timestamp_millis(CAST({0} AS BIGINT)) END",
}
"""Times that are counted from 1970 on, as SQL over a number; NULL where it is no such time."""
