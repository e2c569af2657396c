"""`/v1/users`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from recolake.records.schema import MOST_ID_CHARACTERS, UserStatement
from recolake.web.described import problems
from serving.api import paths
from serving.api.bodies import body
from serving.api.users.schemas import KeptUser
from serving.api.users.service import put_user
from serving.auth import UserWriter
from serving.intake.web import IdempotencyKey, take
from serving.state import CurrentState

paths.register()
router = APIRouter(prefix="/v1/users", tags=["users"])

UserId = Annotated[str, Path(min_length=1, max_length=MOST_ID_CHARACTERS, description="Your own id of them")]


@router.put(
    "/{user_id:id}",
    operation_id="put_user",
    status_code=HTTPStatus.ACCEPTED,
    response_model=KeptUser,
    responses=problems(401, 403, 409, 413, 422, 429, 503, 507),
    openapi_extra=body(UserStatement),
)
async def put(
    user_id: UserId,
    request: Request,
    caller: UserWriter,
    state: CurrentState,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """What is true of a person: each attribute has the value of the latest statement that names it."""
    return await take(request, state, caller, idempotency_key, put_user(user_id))
