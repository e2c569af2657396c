"""What can be chosen of the matrix factorisation."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Config(BaseModel):
    """Implicit-feedback matrix factorisation (Hu, Koren and Volinsky, ICDM 2008).

    A pair that was seen has target 1 and confidence 1 + alpha * strength; any other, 0 and 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    factors: int = Field(default=64, ge=1, description="Dimension of the vectors")
    regularization: float = Field(
        default=20.0, gt=0, description="Added to the diagonal of each normal equation"
    )
    alpha: float = Field(default=1.0, gt=0, description="Confidence per unit of strength")
    logarithmic: bool = Field(default=False, description="Strength is log(1 + summed weight), not the sum")
    half_life_days: float | None = Field(
        default=60.0, gt=0, description="An entry's weight halves in so many days"
    )
    iterations: int = Field(default=6, ge=1, description="Each solves for all users, then for all items")
