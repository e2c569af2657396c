"""From a body to a kept statement about a person."""

from __future__ import annotations

from collections.abc import Sequence

from recolake.records.decode import Reader
from recolake.records.encode import Encoder
from recolake.records.kinds import Record
from recolake.records.refusals import RefusedError
from recolake.records.schema import UserStatement
from serving.intake.answers import Answer, NothingKeptError, kept
from serving.intake.desk import Work

_READER = Reader(UserStatement)


def put_user(user_id: str) -> Work:
    """Takes what is stated of the person."""

    def work(encoder: Encoder, body: bytes) -> tuple[Answer, Sequence[Record]]:
        try:
            record = encoder.user(user_id, _READER.one(body))
        except RefusedError as error:
            raise NothingKeptError(error.refusal) from error
        return kept({"user_id": user_id}), [record]

    return work
