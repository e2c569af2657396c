"""`/v1/events`."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from recolake.records.schema import Event
from recolake.web.described import problems
from serving.api.bodies import body
from serving.api.events.schemas import MOST_EVENTS, EventResults, KeptEvent
from serving.api.events.service import take_events
from serving.auth import EventWriter
from serving.intake.web import IdempotencyKey, take
from serving.state import CurrentState

router = APIRouter(prefix="/v1/events", tags=["events"])


@router.post(
    "",
    operation_id="send_events",
    status_code=HTTPStatus.ACCEPTED,
    response_model=KeptEvent | EventResults,
    responses={207: {"model": EventResults}, **problems(401, 403, 409, 413, 422, 429, 503, 507)},
    openapi_extra=body(Event, list_of_at_most=MOST_EVENTS),
)
async def send_events(
    request: Request, caller: EventWriter, state: CurrentState, idempotency_key: IdempotencyKey = None
) -> Response:
    """What did people do? One event, or a list of up to 1,000.

    What is answered 202 is on the disk and counts once, however often it is sent, by whatever way. Of a list
    each event is judged for itself: 207 says which were refused and why, 422 that all were.
    """
    return await take(request, state, caller, idempotency_key, take_events)
