"""What can be chosen of the two towers."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Config(BaseModel):
    """Two towers with a sampled softmax (Covington et al., RecSys 2016; Yi et al., RecSys 2019)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dimension: int = Field(default=64, ge=1, description="Of the vectors of both towers")
    history_dropout: float = Field(
        default=0.3, gt=0, lt=1, description="Of a history, what is hidden and must be foreseen"
    )
    id_dropout: float = Field(
        default=0.0, ge=0, lt=1, description="Items that a batch knows by their features alone"
    )
    blank_histories: float = Field(
        default=0.1, ge=0, lt=1, description="Users that a batch knows by their features alone"
    )
    feature_decay: float = Field(
        default=0.1, ge=0, description="Weight decay of what features mean, by AdamW"
    )
    decay: float = Field(default=0.0, ge=0, description="The same of what ids mean")
    all_items_up_to: int = Field(default=5_000, ge=0, description="Of more, a sample is in the loss")
    drawn_evenly: int = Field(
        default=2_048, ge=1, description="Of that sample, besides the items of the batch: any, evenly"
    )
    most_targets: int = Field(
        default=64, ge=1, description="With a sample: hidden items of one user that a batch asks for"
    )
    batch_users: int = Field(default=256, ge=1, description="Users of a step")
    learning_rate: float = Field(default=2e-3, gt=0, description="Of AdamW, at its highest")
    epochs: int = Field(default=12, ge=0, description="At most so many times over all users")
    patience: int = Field(
        default=3, ge=1, description="Epochs without gain on what is held out, then it stops"
    )
