"""What is answered about recommendations; what is asked is in `requests.py`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from recolake.kinds.kinds import Kind
from recolake.ranking.rules.spec import BoostSpec, DiversitySpec, PromotionSpec

Strategy = Literal["personal", "popular", "similar", "together", "session", "trending", "recent"]
Explained = Literal["yes", "no_vector", "model_cannot", "other_vector", "not_by_items"]
Fallback = Literal[
    "no_user",
    "unknown_user",
    "no_vector",
    "features_unavailable",
    "challenger_failed",
    "unknown_item",
    "no_companions",
    "no_totals",
]


def _absent(value: Any) -> bool:
    """What was not asked for has no place in an answer."""
    return value is None


class OwnItem(BaseModel):
    """An item of the person's own that speaks for a recommended one."""

    item_id: str
    title: str | None
    contribution: float = Field(description="Its part of the affinity")


class ContentPart(BaseModel):
    """A word, a category or a range of prices that speaks for an item that nobody had met."""

    attribute: str = Field(examples=["category"])
    value: str = Field(examples=["garden"])
    contribution: float = Field(description="Its part of the affinity: the inner product of the two vectors")


class Explanation(BaseModel):
    """Where an item's affinity comes from: an exact sum over the items of the person, or of the request."""

    affinity: float = Field(
        description="How well item and person fit, as the model alone sees it: the inner product of their "
        "vectors. The score also weighs what is popular and what the person took before. Of similar items it "
        "is the cosine, of items bought together the mean share of common visits"
    )
    items: list[OwnItem] = Field(description="The own items that speak most for it, at most 3, best first")
    others: float = Field(description="What all other own items contribute; with `items`, the affinity")


class RecommendedItem(BaseModel):
    """One item of an answer, best first."""

    item_id: str
    title: str | None
    score: float = Field(description="Comparable within this answer alone")
    reason: str = Field(
        description="Stable code: bought_before, similar_taste, popular_now, new_item, similar_item, "
        "bought_together, trending_now or recent"
    )
    reason_text: str = Field(description="The reason as a sentence for people")
    explanation: Explanation | None = Field(
        description="Null unless `explain` was asked for; also where the person has no vector, or the model "
        "cannot tell what it was made from"
    )
    content: list[ContentPart] | None = Field(
        default=None,
        exclude_if=_absent,
        description="What of its description speaks for it, at most 3, best first: of items that nobody had "
        "met when the model was trained. Only where `explain` was asked for, and the person has a vector",
    )
    attributes: dict[str, str | None] | None = Field(
        default=None,
        exclude_if=_absent,
        description="The attributes asked for by `fields`, null for those that the item lacks; only then",
    )
    rules: list[str] | None = Field(
        default=None,
        exclude_if=_absent,
        description="Which rules changed the item's score or place, such as boosts.0, promotions.1 or "
        "diversity; only where one did",
    )
    propensity: float | None = Field(
        default=None,
        exclude_if=_absent,
        description="Chance with which the item got this place, given those above it; only with `explore`",
    )


class RecommendationAnswer(BaseModel):
    """Recommendations, and where they come from."""

    recommendation_id: str = Field(description="Send it back with the events that follow; it has a receipt")
    model_version: str
    variant: str = Field(
        description="Variant of the experiment: champion or challenger; default outside of one"
    )
    kind: Kind = Field(description="What was asked for")
    scenario: str | None = Field(
        default=None, exclude_if=_absent, description="The scenario that the request named; only then"
    )
    scenario_version: int | None = Field(
        default=None, exclude_if=_absent, description="Which version of it was live"
    )
    strategy: Strategy = Field(
        description="Where the items come from; `fallback` says why, where it is not the kind's"
    )
    fallback: Fallback | None = Field(description="Why the answer is less personal than it could be; or null")
    degraded: bool = Field(description="True while the online store does not answer")
    explained: Explained | None = Field(
        default=None,
        exclude_if=_absent,
        description="Whether there are explanations, or why not: the person has no vector, the model cannot "
        "tell what it made vectors from, or made another one; or no items speak for such a list. Only where "
        "`explain` was asked for",
    )
    unknown_items: list[str] | None = Field(
        default=None,
        exclude_if=_absent,
        description="Items of the request that the model does not know; only where there are any",
    )
    items: list[RecommendedItem]


class PersonAnswer(RecommendationAnswer):
    """Recommendations for one of many people."""

    user_id: str = Field(description="The person, by your own id")


class BatchAnswer(BaseModel):
    """Recommendations for many people, each with all that an answer of its own has."""

    recommendations: list[PersonAnswer] = Field(description="In the order of `user_ids`")


class ReplayedItem(BaseModel):
    """One item of a list that was answered before."""

    item_id: str
    title: str | None = Field(description="Null also where the model version does not know the item")
    score: float | None = Field(description="Null where the record is from before scores were written down")
    reason: str | None = Field(description="The same code as then; null like `score`")
    reason_text: str | None
    propensity: float | None = Field(
        default=None, exclude_if=_absent, description="As then; only of lists with `explore`"
    )
    attributes: dict[str, str | None] | None = Field(
        default=None, exclude_if=_absent, description="Those that the request asked for by `fields`"
    )
    rules: list[str] | None = Field(default=None, exclude_if=_absent, description="As then")


class Replay(BaseModel):
    """A list as it was answered, from the record and the model version of then; nothing is ranked anew."""

    recommendation_id: str
    served_at: datetime
    model_version: str
    variant: str
    kind: Kind | None = Field(description="Null where the record is from before there were kinds")
    scenario: str | None
    scenario_version: int | None
    strategy: str
    fallback: str | None
    items: list[ReplayedItem]


class SuitedUser(BaseModel):
    """A person of the request."""

    user_id: str
    score: float = Field(
        description="The inner product of the two vectors; comparable within this answer alone"
    )


class UsersAnswer(BaseModel):
    """People whom the item suits, best first."""

    recommendation_id: str
    model_version: str
    users: list[SuitedUser]
    without_vector: list[str] = Field(description="Those whom the model does not know, who have no place")


class ReceiptModel(BaseModel):
    """The model behind an answer."""

    name: str
    version: str
    mlflow_run_id: str
    code_version: str
    seed: int
    created_at: datetime


class ReceiptIndex(BaseModel):
    """The index behind an answer."""

    sha256: str
    metric: str
    dimension: int
    count: int


class AppliedRules(BaseModel):
    """The rules that an answer was made under, as they were asked for, and what they did."""

    filter: str | None = None
    exclude: list[str] = Field(default_factory=list)
    boosts: list[BoostSpec] = Field(default_factory=list)
    promotions: list[PromotionSpec] = Field(default_factory=list)
    diversity: DiversitySpec | None = None
    context: list[str] = Field(
        default_factory=list, description="Names of what the request said; values are not kept"
    )
    acted: dict[str, list[str]] = Field(
        default_factory=dict,
        description="Which rules changed an item's score or place, such as boosts.0, by item",
    )


class Receipt(BaseModel):
    """Everything that an answer was made from."""

    recommendation_id: str
    served_at: datetime
    variant: str = Field(description="Variant of the experiment: champion or challenger; else default")
    experiment_id: str | None = Field(
        description="Experiment that the answer belongs to; null outside of one"
    )
    kind: Kind | None = Field(description="Null where `recorded` is false, or from before there were kinds")
    scenario: str | None = Field(description="The scenario that was named; null where there was none")
    scenario_version: int | None
    model: ReceiptModel
    index: ReceiptIndex
    inputs: dict[str, int] = Field(description="Delta version of each input table")
    uploads: list[str] = Field(description="Uploads whose rows those tables held")
    recorded: bool = Field(
        description="Whether the record of the answer was found. Without it nothing can be told of its rules"
    )
    rules: AppliedRules | None = Field(description="Rules of the list; null where there were none")
    feature_service: str = Field(description="Which features of the person were read")
