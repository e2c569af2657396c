"""From a body to a kept statement about a person."""

from __future__ import annotations

from collections.abc import Sequence

from recolake.records.decode import Reader
from recolake.records.encode import Encoder
from recolake.records.kinds import Record
from recolake.records.schema import UserStatement
from recolake.web.replays import Answer
from serving.intake.answers import one
from serving.intake.desk import Work

_READER = Reader(UserStatement)


def put_user(user_id: str) -> Work:
    """Takes what is stated of the person."""

    def work(encoder: Encoder, body: bytes) -> tuple[Answer, Sequence[Record]]:
        return one({"user_id": user_id}, lambda: encoder.user(user_id, _READER.one(body)))

    return work
