"""What can be chosen of every model of what comes next."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class SequentialConfig(BaseModel):
    """How histories are read, and how vectors of items are learnt from what came next."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dimension: int = Field(default=256, ge=2, description="Of the vectors of items, and of all within")
    longest: int = Field(default=50, ge=1, description="Items of a history that are looked at, the newest")
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
