"""`/v1/batch`."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from recolake.web.described import problems
from serving.api.batch.schemas import MOST_OPERATIONS, OPERATIONS, BatchResults
from serving.api.batch.service import take_batch
from serving.api.bodies import body
from serving.auth import Writer
from serving.intake.web import IdempotencyKey, take
from serving.state import CurrentState

router = APIRouter(prefix="/v1/batch", tags=["batch"])


@router.post(
    "",
    operation_id="batch",
    status_code=HTTPStatus.ACCEPTED,
    response_model=BatchResults,
    responses={207: {"model": BatchResults}, **problems(401, 403, 409, 413, 422, 429, 503, 507)},
    openapi_extra=body(*OPERATIONS, list_of_at_most=MOST_OPERATIONS, single=False),
)
async def batch(
    request: Request, caller: Writer, state: CurrentState, idempotency_key: IdempotencyKey = None
) -> Response:
    """Up to 10,000 operations on events, items and users; a result for each, in the same order.

    Each is judged for itself: 207 says which were refused and why, 422 that all were. What is kept is kept
    together, and there is no order among it but that of its times.
    """
    return await take(request, state, caller, idempotency_key, take_batch(caller.scopes))
