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


RECORD_FIELDS = (
    "event_id",
    "id_is_given",
    "user_id",
    "session_id",
    "item_id",
    "event_type",
    "value",
    "quantity",
    "price",
    "event_time",
    "order_id",
    "recommendation_id",
    "impressions",
    "properties",
    "item_attributes",
    "user_attributes",
    "received_at",
    "source",
    "refused",
    "refused_field",
    "refused_record",
)
"""Members that the JSON of a record may have. The last four are of what came by Kafka: where it stood, and of
what was refused why, and a pseudonym of all it was."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: JSON text of one line, in which people are pseudonyms."""

    kind: Kind
    text: bytes


AVAILABILITY = frozenset({"available", "is_goods"})
"""Attributes that say whether an item may be shown, and nothing of what it is."""
