"""Between FastAPI and the desk: raw bodies in, as checking them twice costs more than keeping them."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Header, Request, Response

from recolake.tenancy.context import Tenant
from serving.intake.desk import Work
from serving.intake.replays import Call
from serving.state import State

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="The first answer to a key is given again for a day; another request with it is refused",
    ),
]


async def take(request: Request, state: State, tenant: Tenant, key: str | None, work: Work) -> Response:
    """Read the body, and let a thread do the rest."""
    call = Call(request.method, request.url.path, await request.body(), key)
    loop = asyncio.get_running_loop()
    answer = await loop.run_in_executor(state.intake_threads, state.desk.take, tenant, call, work)
    return Response(answer.body, answer.status, media_type="application/json")
