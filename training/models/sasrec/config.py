"""What can be chosen of the self-attention model."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from training.models.sequential.config import SequentialConfig


class Config(SequentialConfig):
    """SASRec (Kang and McAuley, ICDM 2018), trained by cross entropy over many items."""

    layers: int = Field(default=1, ge=1, description="Of self-attention")
    heads: int = Field(default=2, ge=1, description="Of each layer; they divide the dimension")
    dropout: float = Field(default=0.3, ge=0, lt=1, description="Of what each layer adds")

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.dimension % self.heads:
            raise ValueError(f"{self.heads} heads do not divide a dimension of {self.dimension}.")
        return self
