"""Rules as a request writes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from recolake.expressions.parser import LONGEST

MOST_EXCLUDED = 1_000
MOST_BOOSTS = 10
MOST_PROMOTIONS = 5
MOST_CONTEXT = 50
# Shares such as three thirds add up to a little more than 1.
_ROUNDING = 1e-9

Condition = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST,
        description="A condition over attributes: docs/reference/filters.md",
        examples=['category = "Home" and price < 20'],
    ),
]
Name = Annotated[str, Field(min_length=1, max_length=256)]
_Number = Annotated[float, Field(allow_inf_nan=False)]
_Text = Annotated[str, Field(max_length=1_000)]
_Scalar = bool | _Number | _Text


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class BoostSpec(_Asked):
    """Items that count for more, or less, than the model says."""

    filter: Condition
    factor: float = Field(
        gt=0, le=100, description="Multiplies their scores; above 1 lifts them, below 1 lowers them"
    )


class PromotionSpec(_Asked):
    """Items that get a share of the places."""

    filter: Condition
    share: float = Field(
        gt=0, le=1, description="Of the first m places, for every m, they have this share, rounded down"
    )


class DiversitySpec(_Asked):
    """How unlike each other the items are to be: by an attribute, or else by the model's vectors."""

    strength: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="0 orders by score alone, 1 by being unlike alone (maximal marginal relevance)",
    )
    attribute: Name | None = Field(
        default=None, description="Items are alike that have the same; null: by the angle of their vectors"
    )
    most_per_value: int | None = Field(
        default=None, ge=1, description="So many items with one value of the attribute at most"
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.most_per_value is not None and self.attribute is None:
            raise ValueError("most_per_value needs an attribute")
        if self.most_per_value is None and self.strength == 0:
            raise ValueError("give a strength above 0, or an attribute and most_per_value")
        return self


class RulesSpec(_Asked):
    """All rules of one request; the default asks for none."""

    filter: Condition | None = Field(default=None, description="Only items for which this holds are shown")
    exclude: list[Name] = Field(
        default_factory=list, max_length=MOST_EXCLUDED, description="Ids of items that are not shown"
    )
    boosts: list[BoostSpec] = Field(default_factory=list, max_length=MOST_BOOSTS)
    promotions: list[PromotionSpec] = Field(default_factory=list, max_length=MOST_PROMOTIONS)
    diversity: DiversitySpec | None = None
    context: dict[Name, _Scalar | list[_Scalar] | None] = Field(
        default_factory=dict,
        max_length=MOST_CONTEXT,
        description="What conditions may ask of the request, as context.name; context.now is the time",
        examples=[{"country": "Germany", "budget": 30}],
    )

    @field_validator("promotions")
    @classmethod
    def _no_more_than_all(cls, promotions: list[PromotionSpec]) -> list[PromotionSpec]:
        if sum(each.share for each in promotions) > 1 + _ROUNDING:
            raise ValueError("shares add up to more than 1")
        return promotions

    @property
    def conditions(self) -> Iterator[tuple[str, str]]:
        """Every condition, by the name of the field that it stands in."""
        if self.filter is not None:
            yield "filter", self.filter
        for number, boost in enumerate(self.boosts):
            yield f"boosts.{number}.filter", boost.filter
        for number, promotion in enumerate(self.promotions):
            yield f"promotions.{number}.filter", promotion.filter

    @property
    def asks(self) -> bool:
        """Whether there is any rule."""
        return bool(self.filter or self.exclude or self.boosts or self.promotions or self.diversity)
