"""What can be chosen of the self-attention model."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Config(BaseModel):
    """SASRec (Kang and McAuley, ICDM 2018), trained by cross entropy over many items."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dimension: int = Field(default=256, ge=2, description="Of the vectors of items, and of all within")
    layers: int = Field(default=1, ge=1, description="Of self-attention")
    heads: int = Field(default=2, ge=1, description="Of each layer; they divide the dimension")
    longest: int = Field(default=50, ge=1, description="Items of a history that are looked at, the newest")
    dropout: float = Field(default=0.3, ge=0, lt=1, description="Of what each layer adds")
    item_dropout: float = Field(default=0.3, ge=0, lt=1, description="Of the items that are read")
    temperature: float = Field(default=0.3, gt=0, description="Scores are divided by it; where it begins")
    all_items_up_to: int = Field(default=5_000, ge=0, description="Of more, a sample is in the loss")
    negatives: int = Field(default=1_024, ge=1, description="Size of that sample, one for each batch")
    epochs: int = Field(
        default=6, ge=1, description="Most passes over the data; the last is the slowest learner"
    )
    patience: int = Field(default=2, ge=1, description="Passes without a gain before it stops")
    batch_places: int = Field(default=2_048, ge=1, description="Items of a batch, padding included")
    learning_rate: float = Field(default=1e-3, gt=0, description="Of the layers")
    item_learning_rate: float = Field(default=2e-3, gt=0, description="Of the vectors of items")
    weight_decay: float = Field(default=0.01, ge=0, description="Of matrices, by AdamW")

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.dimension % self.heads:
            raise ValueError(f"{self.heads} heads do not divide a dimension of {self.dimension}.")
        return self
