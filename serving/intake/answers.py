"""What those who sent something are told: kept, refused, or some of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson

from recolake.errors import InvalidInputError
from recolake.records.kinds import Record
from recolake.records.refusals import Refusal, RefusedError
from recolake.web.replays import Answer

Result = Mapping[str, Any]
"""One entry of `results`: `status`, and the id of what was kept or why it was not."""


class NothingKeptError(InvalidInputError):
    """All that was sent was refused, so nothing was kept."""

    def __init__(self, refusal: Refusal, *, index: int | None = None, results: Sequence[Result] = ()) -> None:
        place = "" if index is None else f"Entry {index}: "
        super().__init__(f"{place}{refusal.detail}", hint="Nothing was kept.", field=refusal.field)
        self.code = refusal.code
        statuses = {result["status"] for result in results}
        self.status = statuses.pop() if len(statuses) == 1 else NothingKeptError.status
        self._results = {"index": index, "results": list(results)} if index is not None else {}

    @property
    def members(self) -> Mapping[str, Any]:
        return self._results


def kept(body: Mapping[str, Any]) -> Answer:
    """One thing was kept; it is worked on later."""
    return Answer(HTTPStatus.ACCEPTED.value, orjson.dumps(body))


def one(ids: Mapping[str, Any], judge: Callable[[], Record]) -> tuple[Answer, Sequence[Record]]:
    """One thing that is kept, or refused as a whole.

    Raises:
        NothingKeptError: `judge` refused it.
    """
    try:
        record = judge()
    except RefusedError as error:
        raise NothingKeptError(error.refusal) from error
    return kept(ids), [record]


def accepted(**ids: str) -> Result:
    """One of several things was kept."""
    return {"status": HTTPStatus.ACCEPTED.value, **ids}


def refused(refusal: Refusal, status: int = HTTPStatus.UNPROCESSABLE_ENTITY) -> Result:
    """One of several things was refused."""
    return {
        "status": int(status),
        "code": refusal.code,
        "detail": refusal.detail,
        "field": refusal.field,
    }


def several(results: Sequence[Result]) -> Answer:
    """202 where all were kept, 207 where some were.

    Raises:
        NothingKeptError: none was.
    """
    count = sum(result["status"] < HTTPStatus.BAD_REQUEST for result in results)
    if not count:
        first = results[0]
        raise NothingKeptError(
            Refusal(first["code"], first["detail"], first["field"]), index=0, results=results
        )
    status = HTTPStatus.ACCEPTED if count == len(results) else HTTPStatus.MULTI_STATUS
    return Answer(
        status.value, orjson.dumps({"accepted": count, "rejected": len(results) - count, "results": results})
    )
