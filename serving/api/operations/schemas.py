"""What the server says of itself."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether recommendations can be answered, and how well. Tenants are counted, never named."""

    status: Literal["ready", "degraded", "not_ready"] = Field(
        description="degraded: answers are popular items alone, for lack of online features"
    )
    online_features: bool = Field(description="Whether the online store answers")
    models_serving: int = Field(description="Tenants with a model in service")
    models_refused: int = Field(description="Tenants whose published version was refused; see the log")
    models_waiting: int = Field(description="Tenants whose published version waits for its user vectors")
    models_unreadable: int = Field(
        description="Tenants that are served on, though it cannot be read which version is published"
    )
    experiments_live: int = Field(description="Tenants with an experiment whose variants both answer")
    experiments_champion_only: int = Field(
        description="Tenants with an experiment whose challenger is not in service: all get the champion"
    )
    experiments_unreadable: int = Field(
        description="Tenants whose experiment cannot be read: all get the champion"
    )
