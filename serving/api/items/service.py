"""From a body to a kept statement about an item."""

from __future__ import annotations

from collections.abc import Sequence

from recolake.records.decode import Reader
from recolake.records.encode import Encoder
from recolake.records.kinds import Record
from recolake.records.schema import ItemStatement
from recolake.web.replays import Answer
from serving.intake.answers import one
from serving.intake.desk import Work

_READER = Reader(ItemStatement)


def put_item(item_id: str) -> Work:
    """Takes what is stated of the item."""

    def work(encoder: Encoder, body: bytes) -> tuple[Answer, Sequence[Record]]:
        return one({"item_id": item_id}, lambda: encoder.item(item_id, _READER.one(body)))

    return work


def delete_item(item_id: str) -> Work:
    """Takes the item out of what may be recommended."""

    def work(encoder: Encoder, body: bytes) -> tuple[Answer, Sequence[Record]]:
        return one({"item_id": item_id}, lambda: encoder.removal(item_id))

    return work
