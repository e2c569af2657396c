"""What is asked and answered about recommendations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from recolake.ranking.rules.spec import BoostSpec, DiversitySpec, Name, PromotionSpec, RulesSpec

MOST_ITEMS = 1_000
MOST_FIELDS = 50

Strategy = Literal["personal", "popular"]
Explained = Literal["yes", "no_vector", "model_cannot", "other_vector"]
Fallback = Literal["no_user", "unknown_user", "no_vector", "features_unavailable", "challenger_failed"]


def _absent(value: Any) -> bool:
    """What was not asked for has no place in an answer."""
    return value is None


class RecommendationRequest(RulesSpec):
    """For whom, how many, whether what they bought before may return, and the rules of the list."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    user_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=256,
        description="The person, by your own id; left out, the answer is what is popular",
        examples=["17850"],
    )
    k: int = Field(default=10, ge=1, le=MOST_ITEMS, description="How many items at most")
    include_seen: bool = Field(
        default=False,
        description="Whether items that the person bought before may be recommended again. "
        "Say true where people buy the same things repeatedly.",
    )
    explain: bool = Field(
        default=False,
        description="Whether to tell for each item which of the person's own items speak for it",
    )
    fields: list[Name] = Field(
        default_factory=list,
        max_length=MOST_FIELDS,
        description="Attributes of the items that the answer is to hold",
        examples=[["category", "price"]],
    )


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
    """Where an item's affinity to the person comes from: an exact sum over the person's own items."""

    affinity: float = Field(
        description="How well item and person fit, as the model alone sees it: the inner product of their "
        "vectors. The score also weighs what is popular and what the person took before"
    )
    items: list[OwnItem] = Field(description="The own items that speak most for it, at most 3, best first")
    others: float = Field(description="What all other own items contribute; with `items`, the affinity")


class RecommendedItem(BaseModel):
    """One item of an answer, best first."""

    item_id: str
    title: str | None
    score: float = Field(description="Comparable within this answer alone")
    reason: str = Field(description="Stable code: bought_before, similar_taste, popular_now or new_item")
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


class RecommendationAnswer(BaseModel):
    """Recommendations, and where they come from."""

    recommendation_id: str = Field(description="Send it back with the events that follow; it has a receipt")
    model_version: str
    variant: str = Field(
        description="Variant of the experiment: champion or challenger; default outside of one"
    )
    strategy: Strategy
    fallback: Fallback | None = Field(description="Why the answer is less personal than it could be; or null")
    degraded: bool = Field(description="True while the online store does not answer")
    explained: Explained | None = Field(
        default=None,
        exclude_if=_absent,
        description="Whether there are explanations, or why not: the person has no vector, the model cannot "
        "tell what it made vectors from, or made another one. Only where `explain` was asked for",
    )
    items: list[RecommendedItem]


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
    model: ReceiptModel
    index: ReceiptIndex
    inputs: dict[str, int] = Field(description="Delta version of each input table")
    uploads: list[str] = Field(description="Uploads whose rows those tables held")
    recorded: bool = Field(
        description="Whether the record of the answer was found. Without it nothing can be told of its rules"
    )
    rules: AppliedRules | None = Field(description="Rules of the list; null where there were none")
    feature_service: str = Field(description="Which features of the person were read")
