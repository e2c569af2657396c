"""Bodies about scenarios."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from recolake.kinds.kinds import Kind
from recolake.scenarios.document import LONGEST_DESCRIPTION


class ScenarioPut(BaseModel):
    """What the scenario is to be from now on, all of it."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind = Field(description="Requests that name the scenario go to this kind's route")
    defaults: dict[str, Any] = Field(
        default_factory=dict,
        description="Fields of that route's request that requests need not say: k, rules, fields, explain, "
        "and where the kind has them explore and include_seen. What a request says itself counts more",
        examples=[
            {"k": 12, "filter": "price < 30", "diversity": {"attribute": "category", "most_per_value": 3}}
        ],
    )
    description: str = Field(
        default="", max_length=LONGEST_DESCRIPTION, description="For those who look later"
    )


class ScenarioRead(BaseModel):
    """A version of a scenario."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    version: int = Field(description="Usage rows and answers name it")
    live: bool = Field(description="Whether requests that name the scenario get this version")
    kind: Kind
    description: str
    defaults: dict[str, Any]
    created_at: datetime


class ScenarioList(BaseModel):
    """Scenarios by name, or versions of one, newest first."""

    scenarios: list[ScenarioRead]
