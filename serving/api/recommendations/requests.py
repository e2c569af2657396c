"""What is asked: a request of each kind. What they share with scenarios is in `recolake.kinds.specs`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from recolake.kinds.kinds import Kind
from recolake.kinds.specs import MOST_ITEMS, ListSpec, OpenSpec, PersonalSpec, RerankSpec
from recolake.scenarios.document import NAME

MOST_BASKET, MOST_SESSION, MOST_USERS = 50, 200, 1_000
Id = Annotated[str, Field(min_length=1, max_length=256)]
_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)
_OF_RULES = (
    "Their attributes are what conditions read as user.name, and their variant of an experiment counts"
)


class Stated(ListSpec):
    """What a request of lists may say, for whomever they are."""

    model_config = _STRICT
    kind: ClassVar[Kind]

    scenario: str | None = Field(
        default=None,
        pattern=NAME,
        description="A scenario of this kind: what it says holds where the request does not say it",
    )


class Asked(Stated):
    """What a request of any list may say beside its kind's own."""

    user_id: Id | None = Field(default=None, description=f"The person, by your own id. {_OF_RULES}")
    next_of: str | None = Field(
        default=None,
        max_length=256,
        description="The `recommendation_id` of a list that this one goes on after: nothing in it, or in "
        "those before it, is shown again. Send the same request otherwise",
    )


class RecommendationRequest(Asked, PersonalSpec):
    """For whom, how many, whether what they bought before may return, and the rules of the list."""

    kind = Kind.FOR_USER

    user_id: Id | None = Field(
        default=None,
        description="The person, by your own id; left out, the answer is what is popular",
        examples=["17850"],
    )


class RecommendationBatchRequest(Stated, PersonalSpec):
    """What each of many people should see, by one request for all of them."""

    kind = Kind.FOR_USER

    user_ids: list[Id] = Field(
        min_length=1,
        max_length=MOST_USERS,
        description="The people, by your own ids. Each entry has a list of its own, which counts as a "
        "request; so whoever is named twice has two",
        examples=[["17850", "13047"]],
    )

    @property
    def each(self) -> RecommendationRequest:
        """The request of every person, but for who it is."""
        said = self.model_fields_set - {"user_ids"}
        return RecommendationRequest.model_validate({name: getattr(self, name) for name in said})


class SimilarItemsRequest(Asked, OpenSpec):
    """What is like an item."""

    kind = Kind.SIMILAR_ITEMS

    item_id: Id = Field(description="The item that others are to be like", examples=["85123A"])


class BoughtTogetherRequest(Asked, OpenSpec):
    """What goes with a basket."""

    kind = Kind.BOUGHT_TOGETHER

    item_ids: list[Id] = Field(
        min_length=1, max_length=MOST_BASKET, description="What is in the basket", examples=[["85123A"]]
    )


class SessionRequest(Asked, OpenSpec):
    """What comes next in a session, of which nothing is known but its items."""

    kind = Kind.SESSION

    item_ids: list[Id] = Field(
        min_length=1,
        max_length=MOST_SESSION,
        description="Items of the session in the order in which they were met, the latest last",
        examples=[["85123A", "22423"]],
    )


class PopularRequest(Asked, OpenSpec):
    """What is popular now."""

    kind = Kind.POPULAR


class TrendingRequest(Asked, OpenSpec):
    """What is more popular now than it used to be."""

    kind = Kind.TRENDING


class RecentlyViewedRequest(Asked):
    """What a person had lately."""

    kind = Kind.RECENTLY_VIEWED

    user_id: Id = Field(description="The person, by your own id", examples=["17850"])


class RerankRequest(Asked, RerankSpec):
    """The order of given items for a person."""

    kind = Kind.RERANK

    item_ids: list[Id] = Field(
        min_length=1,
        max_length=MOST_ITEMS,
        description="What is to be ordered",
        examples=[["85123A", "22423"]],
    )


class UsersRequest(BaseModel):
    """Whom, of given people, an item suits best."""

    model_config = _STRICT

    item_id: Id = Field(description="The item", examples=["85123A"])
    user_ids: list[Id] = Field(
        min_length=1,
        max_length=MOST_USERS,
        description="The people, by your own ids. Recolake keeps pseudonyms alone: it names nobody else",
        examples=[["17850", "13047"]],
    )
    k: int = Field(default=10, ge=1, le=MOST_USERS, description="How many people at most")
