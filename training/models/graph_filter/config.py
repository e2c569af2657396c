"""What can be chosen of the graph filter."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Config(BaseModel):
    """A low-pass filter on the graph of users and items; nothing is trained.

    Of the family of GF-CF (Shen et al., CIKM 2021) and ChebyCF (Kim et al., SIGIR 2025). A signal is an
    eigenvector of the normalised item graph; the larger its eigenvalue, between 0 and 1, the smoother it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_exponent: float = Field(
        default=0.3, ge=0, le=1, description="Edges of a user with n items weigh n to the power of minus this"
    )
    item_exponent: float = Field(
        default=0.4,
        ge=0,
        le=1,
        description="Edges of an item with n users weigh n to the power of minus this",
    )
    popularity_exponent: float = Field(
        default=0.3, ge=-1, le=1, description="Scores of an item with n users gain n to the power of this"
    )
    rank: int = Field(default=512, ge=1, description="How many of the smoothest signals are filtered exactly")
    cutoff: float = Field(default=0.1, gt=0, description="Eigenvalue of the signals of which one half passes")
    tail: float = Field(
        default=0.5, ge=0, description="Of all others: weight in proportion to the eigenvalue"
    )
    bend: float = Field(default=0.25, ge=0, description="Of all others: weight in proportion to its square")
    half_life_days: float | None = Field(
        default=None, gt=0, description="What a user took counts half as much for every so many days"
    )
