"""Bodies about experiments."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from recolake.experiments.document import Guardrails, Stopper, Version

State = Literal["running", "champion_only", "over"]


class ExperimentCreate(BaseModel):
    """Which model is to be tried, on how many people, and when it is to stop by itself."""

    model_config = ConfigDict(extra="forbid", strict=True)

    challenger: Version = Field(description="The model version to try", examples=["v4"])
    share: float = Field(
        default=0.1, gt=0, lt=1, allow_inf_nan=False, description="Of the people, who get the challenger"
    )
    guardrails: Guardrails = Field(
        default_factory=Guardrails,
        description="`alpha`: the chance that guardrails ever stop a challenger that does no harm; "
        "`margins`: by metric (failures, slow, clicks, revenue) the share worse that is still no harm",
    )
    force: bool = Field(
        default=False,
        description="Also a version that its gate turned down, or that is far smaller than the served one",
    )


class ExperimentStop(BaseModel):
    """Why it is stopped."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(
        default="stopped over HTTP", min_length=1, max_length=500, description="For those who look later"
    )


class EndingRead(BaseModel):
    """How an experiment ended."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    by: Stopper
    reason: str


class ExperimentRead(BaseModel):
    """An experiment and how it stands."""

    experiment_id: str
    champion: str = Field(description="The model version in service, which the others get")
    challenger: str
    share: float
    started_at: datetime
    guardrails: Guardrails
    state: State = Field(
        description="champion_only: it runs, but everybody gets the champion; `trouble` says why"
    )
    trouble: str | None
    ending: EndingRead | None


class ExperimentPage(BaseModel):
    """Some experiments, newest first."""

    experiments: list[ExperimentRead]
    next_cursor: str | None = Field(description="For the next page; null on the last")
