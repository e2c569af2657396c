"""Recommendations: what the recommendation API answers to the caller's own key."""

from __future__ import annotations

from typing import Annotated, Any, cast

import strawberry
from strawberry.scalars import JSON

from control_plane.graphql.context import Info, read
from recolake.errors import InvalidInputError
from recolake.kinds.kinds import Kind


@strawberry.type(description="One item of a list, best first")
class RecommendedItem:
    item_id: str
    title: str | None
    score: float | None
    reason: str | None
    reason_text: str | None
    attributes: JSON | None


@strawberry.type(description="A list; `answer` is all that the recommendation API said")
class Recommendations:
    recommendation_id: str
    model_version: str
    kind: str | None
    scenario: str | None
    strategy: str
    fallback: str | None
    items: list[RecommendedItem]
    answer: JSON


_KindName = Annotated[str, strawberry.argument(description="As in /v1/recommendations/<kind>")]
_Body = Annotated[JSON, strawberry.argument(description="Fields of route's body, by docs/reference/kinds.md")]
_Count = Annotated[int, strawberry.argument(description="How many; counts for the cost")]


def _list(answer: dict[str, Any]) -> Recommendations:
    items = [
        RecommendedItem(
            item_id=item["item_id"],
            title=item["title"],
            score=item["score"],
            reason=item["reason"],
            reason_text=item["reason_text"],
            attributes=cast("JSON", item.get("attributes")),
        )
        for item in answer["items"]
    ]
    return Recommendations(
        recommendation_id=answer["recommendation_id"],
        model_version=answer["model_version"],
        kind=answer.get("kind"),
        scenario=answer.get("scenario"),
        strategy=answer["strategy"],
        fallback=answer["fallback"],
        items=items,
        answer=cast("JSON", answer),
    )


def _kind(name: str) -> Kind:
    lists = [kind for kind in Kind if kind is not Kind.USERS]
    if name not in lists:
        raise InvalidInputError(
            f"'{name}' is no kind of list.", hint=f"Kinds: {', '.join(lists)}.", field="kind"
        )
    return Kind(name)


@strawberry.type
class Recommending:
    """Fields of a query that the recommendation API answers, and counts as it does."""

    @read(Recommendations, "A list of recommendations; it is billed as over REST")
    async def recommendations(
        self,
        info: Info,
        kind: _KindName = "for-user",
        request: _Body | None = None,
        k: _Count | None = None,
    ) -> Recommendations:
        said: object = {} if request is None else request
        if not isinstance(said, dict) or "k" in said:
            raise InvalidInputError(
                "`request` is an object without `k`.", hint="Give `k` as an argument.", field="request"
            )
        body = said | ({} if k is None else {"k": k})
        asked = _kind(kind)
        return _list(await info.context.recommender(lambda api: api.ask(asked, body)))

    @read(Recommendations, "A list once more, from its record; it is not billed")
    async def replay(self, info: Info, recommendation_id: str) -> Recommendations:
        return _list(await info.context.recommender(lambda api: api.replay(recommendation_id)))

    @read(JSON, "Where a list came from: model, index, tables, uploads")
    async def receipt(self, info: Info, recommendation_id: str) -> JSON:
        return cast("JSON", await info.context.recommender(lambda api: api.receipt(recommendation_id)))
