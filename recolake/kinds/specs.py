"""What may be said of a list, by kind: the part of a request that a scenario may fix beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Self

from pydantic import Field, model_validator

from recolake.kinds.kinds import Kind
from recolake.ranking.rules.spec import Name, RulesSpec

MOST_ITEMS = 1_000
MOST_FIELDS = 50
_K = "How many items at most"


class ListSpec(RulesSpec):
    """How many items, what is told of them, and the rules of the list."""

    k: int = Field(default=10, ge=1, le=MOST_ITEMS, description=_K)
    explain: bool = Field(
        default=False,
        description="Whether to tell for each item which of the person's or the request's items speak for it",
    )
    fields: list[Name] = Field(
        default_factory=list,
        max_length=MOST_FIELDS,
        description="Attributes of the items that the answer is to hold",
        examples=[["category", "price"]],
    )

    @property
    def explores(self) -> float:
        """The chance with which a place goes to chance; 0 for kinds where that makes no sense."""
        return 0.0


class OpenSpec(ListSpec):
    """A list of which some places may go to chance."""

    explore: float = Field(
        default=0.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="With this chance each place goes to any of the best 5 k items (50 at least) instead of "
        "the best one left; every item then says its propensity. Not together with promotions or diversity",
    )

    @model_validator(mode="after")
    def _by_chance_or_by_plan(self) -> Self:
        if self.explore and (self.promotions or self.diversity):
            raise ValueError(
                "explore cannot be combined with promotions or diversity, which plan every place"
            )
        return self

    @property
    def explores(self) -> float:
        return self.explore


class PersonalSpec(OpenSpec):
    """A list for a person."""

    include_seen: bool = Field(
        default=False,
        description="Whether items that the person bought before may be recommended again. "
        "Say true where people buy the same things repeatedly.",
    )


class RerankSpec(OpenSpec):
    """An order of given items for a person."""

    k: int = Field(default=MOST_ITEMS, ge=1, le=MOST_ITEMS, description=_K)
    include_seen: bool = Field(
        default=True, description="Whether items that the person bought before keep a place in the list"
    )


SPECS: Mapping[Kind, type[ListSpec]] = MappingProxyType(
    {
        Kind.FOR_USER: PersonalSpec,
        Kind.SIMILAR_ITEMS: OpenSpec,
        Kind.BOUGHT_TOGETHER: OpenSpec,
        Kind.SESSION: OpenSpec,
        Kind.POPULAR: OpenSpec,
        Kind.TRENDING: OpenSpec,
        Kind.RECENTLY_VIEWED: ListSpec,
        Kind.RERANK: RerankSpec,
    }
)
"""Of every kind that is a list of items, which are those that scenarios are made of."""
