"""What can be chosen of the model of several interests."""

from __future__ import annotations

from pydantic import Field

from training.models.sequential.config import SequentialConfig


class Config(SequentialConfig):
    """ComiRec with self-attention (Cen et al., KDD 2020), trained by cross entropy over many items."""

    interests: int = Field(default=4, ge=1, description="Vectors that a user has")
    hidden: int = Field(default=128, ge=1, description="Units that decide which items are of which interest")
