"""One acknowledged request as one line of a spool segment, so that it is there whole or not at all.

`<CRC-32 of what follows, 8 hex digits> <tenant> <kind><record>…`, where records are JSON texts set apart by
RS (U+001E, as in RFC 7464): JSON escapes control characters, so neither RS nor a line feed can be within one.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from recolake.errors import InvalidInputError
from recolake.records.kinds import Kind, Record
from recolake.tenancy.context import Tenant

_SEPARATOR = b"\x1e"
_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Frame:
    """Records that one request brought, in its order; all of one tenant."""

    tenant: Tenant
    records: Sequence[Record]


def encode(frame: Frame) -> bytes:
    """The line, line feed included."""
    letters = {kind: kind.letter for kind in Kind}
    records = _SEPARATOR.join(letters[record.kind] + record.text for record in frame.records)
    body = frame.tenant.name.encode() + b" " + records
    return _checksum(body) + b" " + body + b"\n"


def decode(line: bytes) -> Frame | None:
    """The frame of a line without its line feed; None for a damaged one."""
    checksum, _, body = line.partition(b" ")
    if checksum != _checksum(body):
        return None
    name, _, records = body.partition(b" ")
    kinds = {kind.letter: kind for kind in Kind}
    try:
        return Frame(
            Tenant(name.decode()),
            [Record(kinds[text[:1]], text[1:]) for text in records.split(_SEPARATOR)],
        )
    except (InvalidInputError, UnicodeDecodeError, KeyError):
        return None


def _checksum(body: bytes) -> bytes:
    return b"%0*x" % (_DIGITS, zlib.crc32(body))
