"""`/v1/recommendations`."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path

from serving.api.recommendations.schemas import Receipt, RecommendationAnswer, RecommendationRequest
from serving.api.schemas import problems
from serving.auth import RecommendationReader
from serving.state import CurrentState

router = APIRouter(prefix="/v1/recommendations", tags=["recommendations"])


@router.post("", operation_id="recommend", responses=problems(401, 403, 413, 422, 429, 503, 507))
async def recommend(
    request: RecommendationRequest, caller: RecommendationReader, state: CurrentState
) -> RecommendationAnswer:
    """What should this person see?

    A person whom the model knows gets personal recommendations. Anybody else, and everybody while the online
    store is down, gets what is popular; `strategy`, `fallback` and `degraded` say so.

    Rules shape the list: `filter` and `exclude` say what may be shown, to everybody and whatever is down;
    `boosts`, `promotions` and `diversity` change places, and an item's `rules` say which of them did.
    A condition such as `category = "Home" and price < context.budget` that cannot be understood, or names an
    attribute that there is none of, is a problem that points at the character.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(state.threads, state.recommender.recommend, caller, request)


@router.get(
    "/{recommendation_id}/receipt", operation_id="receipt", responses=problems(401, 403, 404, 422, 429)
)
async def receipt(
    recommendation_id: Annotated[str, Path(max_length=256)], caller: RecommendationReader, state: CurrentState
) -> Receipt:
    """Where did this recommendation come from? Model, index, table versions and uploads."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(
        state.threads, state.recommender.receipt, caller.tenant, recommendation_id
    )
