"""What can be chosen of the graph network."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Config(BaseModel):
    """LightGCN (He et al., SIGIR 2020) with a sampled softmax over cosines (Wu et al., TOIS 2024)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    factors: int = Field(default=256, ge=1, description="Dimension of the vectors")
    layers: int = Field(default=2, ge=0, description="How far a vector spreads over the graph")
    temperature: float = Field(default=0.1, gt=0, description="Divides the cosines")
    negatives: int = Field(default=1024, ge=1, description="Items that a batch tells its own apart from")
    negative_exponent: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="An item of n users is drawn as a negative by n to the power of this",
    )
    learning_rate: float = Field(
        default=0.01, gt=0, description="Of Adam, at the beginning; it falls to 0 in a line"
    )
    decay: float = Field(default=0.0, ge=0, description="Decoupled weight decay, of AdamW")
    largest_batch: int = Field(default=16_384, ge=1, description="Pairs of a step; fewer where data is small")
    epochs: int = Field(default=8, ge=0, description="At most so many times over all pairs")
    patience: int = Field(
        default=2, ge=1, description="Epochs without gain on what is held out, then it stops"
    )
