"""What can be chosen of the popularity of what an item is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Config(BaseModel):
    """An item counts what items of the same mix of categories count on average."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shrinkage: float = Field(
        default=0.0, ge=0, description="So many items of an average mix are added to every mix"
    )
