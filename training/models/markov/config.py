"""What can be chosen of the Markov chain."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Config(BaseModel):
    """A chain of first order (`reach` 1, `backward` 0, `history_decay` 0), and its softer forms.

    Nearby pairs count beside adjacent ones, as in skip-gram, and what came earlier in a history still speaks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reach: int = Field(default=10, ge=1, description="Steps between the two items of a pair, at most")
    reach_decay: float = Field(
        default=0.8, gt=0, le=1, description="A pair counts less by this factor for each step between"
    )
    backward: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="What a pair counts from the later to the earlier item",
    )
    history_decay: float = Field(
        default=0.7, ge=0, lt=1, description="An item speaks less by this factor for each one that came after"
    )
    source_exponent: float = Field(
        default=0.5, ge=0, le=1, description="Pairs of a first item with weight n count n to minus this"
    )
    popularity_exponent: float = Field(
        default=0.0, ge=0, le=1, description="Scores of an item with n events lose n to the power of this"
    )
