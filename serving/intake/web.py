"""Between FastAPI and the desk: raw bodies in, as checking them twice costs more than keeping them."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Header, Request, Response

from recolake.tenancy.api_keys import KeyRecord
from recolake.web.replays import Call
from serving.intake.desk import Work
from serving.limits.gate import admit
from serving.limits.units import units_of
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


async def take(request: Request, state: State, caller: KeyRecord, key: str | None, work: Work) -> Response:
    """Read the body, count it, and let a thread do the rest."""
    call = Call(request.method, request.url.path, await request.body(), key)
    if state.limiter.limits(caller.tenant):
        await admit(request, state.limiter, caller, *units_of(call.path, call.body))
    loop = asyncio.get_running_loop()
    answer = await loop.run_in_executor(state.intake_threads, state.desk.take, caller, call, work)
    return Response(answer.body, answer.status, media_type="application/json")
