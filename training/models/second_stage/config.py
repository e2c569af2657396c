"""What can be chosen of the second stage."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Config(BaseModel):
    """Small networks over candidates, taught by what happened in past windows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    again: bool = Field(default=True, description="Whether re-purchases count, or new items alone")
    windows: int = Field(default=3, ge=1, description="Past windows that it learns from, at most")
    depth: int = Field(default=60, ge=1, description="Candidates that each model of the first stage proposes")
    members: int = Field(default=8, ge=1, description="Networks, whose judgements are averaged")
    hidden: int = Field(default=32, ge=1, description="Width of each of a network's two hidden layers")
    epochs: int = Field(default=6, ge=1, description="How often they see every example")
    rate: float = Field(default=3e-3, gt=0, description="Largest step of learning")
