"""`/v1/items`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from recolake.records.schema import MOST_ID_CHARACTERS, ItemStatement
from recolake.web.described import problems
from serving.api import paths
from serving.api.bodies import body
from serving.api.items.schemas import KeptItem
from serving.api.items.service import delete_item, put_item
from serving.auth import ItemWriter
from serving.intake.web import IdempotencyKey, take
from serving.state import CurrentState

paths.register()
router = APIRouter(prefix="/v1/items", tags=["items"])

ItemId = Annotated[str, Path(min_length=1, max_length=MOST_ID_CHARACTERS, description="Your own id of it")]


@router.put(
    "/{item_id:id}",
    operation_id="put_item",
    status_code=HTTPStatus.ACCEPTED,
    response_model=KeptItem,
    responses=problems(401, 403, 409, 413, 422, 429, 503, 507),
    openapi_extra=body(ItemStatement),
)
async def put(
    item_id: ItemId,
    request: Request,
    caller: ItemWriter,
    state: CurrentState,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """What is true of an item: each attribute has the value of the latest statement that names it."""
    return await take(request, state, caller, idempotency_key, put_item(item_id))


@router.delete(
    "/{item_id:id}",
    operation_id="delete_item",
    status_code=HTTPStatus.ACCEPTED,
    response_model=KeptItem,
    responses=problems(401, 403, 409, 413, 422, 429, 503, 507),
)
async def delete(
    item_id: ItemId,
    request: Request,
    caller: ItemWriter,
    state: CurrentState,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The item is not to be had any more: no answer from the next one on recommends it. What happened with it
    stays, and a later PUT with `available` and `is_goods` brings it back."""
    return await take(request, state, caller, idempotency_key, delete_item(item_id))
