"""What can be chosen of EASE."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Config(BaseModel):
    """A linear model of items (Steck, WWW 2019), with the dropout of its successor (Steck, NeurIPS 2020)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    regularization: float = Field(default=300.0, gt=0, description="Added to the diagonal of the Gram matrix")
    dropout: float = Field(
        default=0.0, ge=0, lt=1, description="Share of a history that a step would hide while learning"
    )
    user_exponent: float = Field(
        default=0.0, ge=-1, le=1, description="A user of n items counts n to the power of minus this"
    )
    half_life_days: float | None = Field(
        default=None, gt=0, description="What a user took counts half as much for every so many days"
    )
