"""`/v1/recommendations`: a route for each kind, all answered by one pipeline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Response

from recolake.tenancy.api_keys import KeyRecord
from recolake.web.described import problems
from serving.api.recommendations.requests import (
    Asked,
    BoughtTogetherRequest,
    PopularRequest,
    RecentlyViewedRequest,
    RecommendationBatchRequest,
    RecommendationRequest,
    RerankRequest,
    SessionRequest,
    SimilarItemsRequest,
    TrendingRequest,
    UsersRequest,
)
from serving.api.recommendations.schemas import (
    BatchAnswer,
    Receipt,
    RecommendationAnswer,
    Replay,
    UsersAnswer,
)
from serving.auth import BatchReader, RecommendationReader
from serving.state import CurrentState, State

router = APIRouter(prefix="/v1/recommendations", tags=["recommendations"])

_PROBLEMS = problems(401, 403, 404, 410, 413, 422, 429, 503, 507)
RecommendationId = Annotated[str, Path(max_length=256)]
T = TypeVar("T")


async def _threaded(state: State, work: Callable[[], T]) -> T:
    """What blocks, in a thread."""
    return await asyncio.get_running_loop().run_in_executor(state.threads, work)


async def _answer(state: State, caller: KeyRecord, request: Asked) -> RecommendationAnswer:
    return await _threaded(state, lambda: state.recommender.recommend(caller, request))


@router.post("", operation_id="recommend", responses=_PROBLEMS)
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

    The next page is the same request with `next_of`, the id of the last one. `scenario` names what needs not
    be said in each request.
    """
    return await _answer(state, caller, request)


@router.post("/batch", operation_id="recommend_batch", responses=_PROBLEMS, response_model=BatchAnswer)
async def batch(request: RecommendationBatchRequest, caller: BatchReader, state: CurrentState) -> Response:
    """What should each of these people see? At most 1,000, each answered as by a request of their own.

    Each list has its own `recommendation_id` with a receipt, and counts as a request: of rates, of the quota
    and of the bill. All lists are made or none. With an `Idempotency-Key` a retry is answered anew, but not
    billed again. 422 `beyond_rate_limit`: the plan never admits so many at once.
    """
    found = await _threaded(state, lambda: state.recommender.batch(caller, request))
    for piece in found.pieces:
        await _threaded(state, partial(found.make, piece))
    return Response(await _threaded(state, found.finish), media_type="application/json")


@router.post("/similar-items", operation_id="recommend_similar_items", responses=_PROBLEMS)
async def similar_items(
    request: SimilarItemsRequest, caller: RecommendationReader, state: CurrentState
) -> RecommendationAnswer:
    """What is like this item? Items that the same people choose, by the cosine of the model's vectors.

    For an item that the model does not know the answer is what is popular, and `fallback` is `unknown_item`.
    """
    return await _answer(state, caller, request)


@router.post("/bought-together", operation_id="recommend_bought_together", responses=_PROBLEMS)
async def bought_together(
    request: BoughtTogetherRequest, caller: RecommendationReader, state: CurrentState
) -> RecommendationAnswer:
    """What goes with this basket? Items that people took on the same day as those in it.

    Below these come items that are like the basket's; each item's `reason` says which it is. Where nothing
    was ever taken together with it, or the model is from before that was counted, `fallback` is
    `no_companions`.
    """
    return await _answer(state, caller, request)


@router.post("/session", operation_id="recommend_for_session", responses=_PROBLEMS)
async def session(
    request: SessionRequest, caller: RecommendationReader, state: CurrentState
) -> RecommendationAnswer:
    """What comes next in this session? Nothing need be known of the visitor but the items, the latest
    last.
    """
    return await _answer(state, caller, request)


@router.post("/popular", operation_id="recommend_popular", responses=_PROBLEMS)
async def popular(
    request: PopularRequest, caller: RecommendationReader, state: CurrentState
) -> RecommendationAnswer:
    """What is popular now, with a half-life of a week."""
    return await _answer(state, caller, request)


@router.post("/trending", operation_id="recommend_trending", responses=_PROBLEMS)
async def trending(
    request: TrendingRequest, caller: RecommendationReader, state: CurrentState
) -> RecommendationAnswer:
    """What is more popular now than it used to be? `score` is log2 of how many times so.

    Where the model is from before that was counted the answer is what is popular, and `fallback` is
    `no_totals`.
    """
    return await _answer(state, caller, request)


@router.post("/recently-viewed", operation_id="recommend_recently_viewed", responses=_PROBLEMS)
async def recently_viewed(
    request: RecentlyViewedRequest, caller: RecommendationReader, state: CurrentState
) -> RecommendationAnswer:
    """What did this person have lately, the latest first? Nothing stands in for it where nothing is known."""
    return await _answer(state, caller, request)


@router.post("/rerank", operation_id="rerank", responses=_PROBLEMS)
async def rerank(
    request: RerankRequest, caller: RecommendationReader, state: CurrentState
) -> RecommendationAnswer:
    """In which order should this person see these items? `unknown_items` have no place in it."""
    return await _answer(state, caller, request)


@router.post("/users", operation_id="recommend_users", responses=_PROBLEMS)
async def users(request: UsersRequest, caller: RecommendationReader, state: CurrentState) -> UsersAnswer:
    """Whom of these people does this item suit best? 404: the model does not know the item. 503: people's
    vectors are out of reach."""
    return await _threaded(state, lambda: state.recommender.users(caller, request))


@router.get(
    "/{recommendation_id}/receipt",
    operation_id="receipt",
    responses=problems(401, 403, 404, 410, 422, 429, 503),
)
async def receipt(
    recommendation_id: RecommendationId, caller: RecommendationReader, state: CurrentState
) -> Receipt:
    """Where did this recommendation come from? Model, index, table versions and uploads."""
    return await _threaded(state, lambda: state.receipts.receipt(caller.tenant, recommendation_id))


@router.post(
    "/{recommendation_id}/replay",
    operation_id="replay",
    responses=problems(401, 403, 404, 410, 422, 429, 503),
)
async def replay(
    recommendation_id: RecommendationId, caller: RecommendationReader, state: CurrentState
) -> Replay:
    """The same list again, from its record: what people did since changes nothing, and it is not counted.

    410 `model_gone`: the model version that made it is not kept any more. 404 `not_recorded`: its record is
    neither on this machine nor in the lake.
    """
    return await _threaded(state, lambda: state.receipts.replay(caller.tenant, recommendation_id))
