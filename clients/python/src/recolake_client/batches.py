"""Lists as large as the API takes them in one call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from recolake_client.exchange import encoded
from recolake_client.generated.recommendations import EventResults
from recolake_client.problems import ApiError

T = TypeVar("T", bound=Mapping[str, object])
MOST_EVENTS, MOST_EVENTS_BYTES = 1_000, 4 << 20


def chunks(
    entries: Iterable[T], most: int = MOST_EVENTS, most_bytes: int = MOST_EVENTS_BYTES
) -> Iterator[list[T]]:
    """The entries in their order, in lists that hold at most so many, and so many bytes as JSON.

    An entry that is larger than that is a list of its own, for the API to refuse.
    ValueError: `most` is below 1.
    """
    if most < 1:
        raise ValueError("a list has at least one entry")
    chunk: list[T] = []
    size = 2
    for entry in entries:
        length = len(encoded(entry)) + 1
        if chunk and (len(chunk) == most or size + length > most_bytes):
            yield chunk
            chunk, size = [], 2
        chunk.append(entry)
        size += length
    if chunk:
        yield chunk


def all_refused(error: ApiError) -> EventResults:
    """What became of a list of which nothing was kept; the error itself, where that is not what it tells."""
    results = error.members.get("results")
    if not isinstance(results, list):
        raise error
    return {"accepted": 0, "rejected": len(results), "results": results}


def together(answers: Sequence[EventResults]) -> EventResults:
    """One answer for all lists."""
    return {
        "accepted": sum(answer["accepted"] for answer in answers),
        "rejected": sum(answer["rejected"] for answer in answers),
        "results": [result for answer in answers for result in answer["results"]],
    }
