"""What a record is about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Kinds of records; each has a file of its own in an upload."""

    EVENT = "event"
    ITEM = "item"
    USER = "user"

    @property
    def letter(self) -> bytes:
        """One byte that stands for the kind."""
        return self.value[0].encode()

    @property
    def file_name(self) -> str:
        """Name of the kind's file in an upload."""
        return f"{self.value}s.jsonl"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: JSON text of one line, in which people are pseudonyms."""

    kind: Kind
    text: bytes
