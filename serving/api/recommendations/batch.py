"""Lists for many people, made for a few at a time: others are answered in between, memory is bounded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from recolake.usage.record import UsageRecord
from serving.api.recommendations.answered import Told
from serving.api.recommendations.schemas import PersonAnswer

MOST_BATCH_ITEMS = 50_000
"""Items of all lists of one answer."""
# People who are read and ranked at once: a twentieth of a second or less.
_PIECE = 64

Make = Callable[[Sequence[str]], tuple[list[PersonAnswer], list[UsageRecord]]]
Write = Callable[[Sequence[UsageRecord], Sequence[Told]], None]


class Batch:
    """The lists of one request. Call `make` with each of `pieces`, and then `finish`, one after the other."""

    def __init__(self, user_ids: Sequence[str], make: Make, write: Write) -> None:
        self._make = make
        self._write = write
        self._bodies: list[bytes] = []
        self._records: list[UsageRecord] = []
        self._told: list[Told] = []
        self.pieces = [user_ids[start : start + _PIECE] for start in range(0, len(user_ids), _PIECE)]

    def make(self, piece: Sequence[str]) -> None:
        """The lists of some people."""
        answers, records = self._make(piece)
        self._bodies += [answer.model_dump_json().encode() for answer in answers]
        self._records += records
        self._told += map(Told.of, answers)

    def finish(self) -> bytes:
        """The whole answer as JSON; all usage records are written before this returns, or none.

        Raises:
            OSError: they could not be written, so there is no answer.
        """
        self._write(self._records, self._told)
        return b'{"recommendations":[' + b",".join(self._bodies) + b"]}"
