"""Pseudonyms and event identity in Spark SQL.

The very values of `recolake.tenancy.pseudonyms` and `recolake.contracts.identity`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recolake.contracts.sql_text import literal
from recolake.tenancy.pseudonyms import PSEUDONYM_HEX_DIGITS, hmac_pads


def pseudonym_sql(text: str, key: bytes) -> str:
    """HMAC-SHA-256 of a text, as `pseudonym` gives it; NULL stays NULL."""
    inner, outer = (f"X'{pad.hex()}'" for pad in hmac_pads(key))
    message = f"unhex(sha2({inner} || encode({text}, 'UTF-8'), 256))"
    return f"substr(sha2({outer} || {message}, 256), 1, {PSEUDONYM_HEX_DIGITS})"


def netstring_sql(text: str) -> str:
    """A text as netstring, NULL as `-`."""
    return f"coalesce(octet_length({text}) || ':' || {text}, '-')"


def number_text_sql(number: str, unreadable: str) -> str:
    """A number with its four decimals, or the text that is none."""
    return f"coalesce(CAST({number} AS STRING), {unreadable})"


def time_text_sql(time: str, unreadable: str) -> str:
    """Microseconds since 1970, or the text that is no time."""
    return f"coalesce(CAST(unix_micros({time}) AS STRING), {unreadable})"


def event_id_sql(fields: Sequence[str], properties: Mapping[str, str]) -> str:
    """Hash of an event's content.

    Args:
        fields: SQL of tenant, user, item, type, value, time and order, as texts.
        properties: SQL of each property's text by name, the reserved ones included; NULL is left out.
    """
    parts = [netstring_sql(field) for field in fields]
    for name in sorted(properties):
        value = properties[name]
        key = literal(f"{len(name.encode())}:{name}")
        pair = f"{key} || octet_length({value}) || ':' || {value}"
        parts.append(f"coalesce({pair}, '')")
    return f"sha2(concat({', '.join(parts)}), 256)"
