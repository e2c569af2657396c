"""An experiment as one small document beside the pointer to the served model; always replaced whole."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from recolake.ranking.manifest import VERSION_NAME

Margin = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
Version = Annotated[str, Field(pattern=VERSION_NAME)]


class Variant(StrEnum):
    """Who answered. `DEFAULT` is everybody while no experiment is live, and who has no stable assignment."""

    DEFAULT = "default"
    CHAMPION = "champion"
    CHALLENGER = "challenger"


class Metric(StrEnum):
    """What the guardrails watch: a number for each person that only grows."""

    FAILURES = "failures"
    SLOW = "slow"
    CLICKS = "clicks"
    REVENUE = "revenue"

    @property
    def harm(self) -> int:
        """1 where more of it is harm, -1 where less is."""
        return 1 if self in (Metric.FAILURES, Metric.SLOW) else -1


class Stopper(StrEnum):
    """Who ended an experiment."""

    PERSON = "person"
    GUARDRAIL = "guardrail"
    PUBLICATION = "publication"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Guardrails(_Frozen):
    """When an experiment stops by itself.

    Attributes:
        alpha: chance, over its whole life and all guardrails together, to stop one that does no harm.
        margins: by metric how much worse than the champion, as a share, is still no harm; default 0.
    """

    alpha: float = Field(default=0.05, gt=0, lt=0.5, allow_inf_nan=False)
    margins: dict[Metric, Margin] = Field(default_factory=dict)

    def margin(self, metric: Metric) -> float:
        return self.margins.get(metric, 0.0)

    @property
    def alpha_each(self) -> float:
        """One guardrail's part of `alpha` (Bonferroni)."""
        return self.alpha / len(Metric)


class Ending(_Frozen):
    """How an experiment ended."""

    at: AwareDatetime
    by: Stopper
    reason: str


class Experiment(_Frozen):
    """A share of a tenant's people gets the challenger, for as long as there is no `ending`.

    Attributes:
        salt: hex; decides, with a person's pseudonym, who gets which variant.
        champion_checksum, challenger_checksum: `Artifact.users_checksum` of the two: a registry that lost its
            database gives a version's name again.
        scales: by metric the variance at its first look, which tunes its guardrail.
    """

    schema_version: Literal[1] = 1
    experiment_id: str = Field(pattern=r"^exp-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}$")
    tenant_id: str
    salt: str = Field(pattern=r"^[0-9a-f]{32}$")
    champion: Version
    champion_checksum: str
    challenger: Version
    challenger_checksum: str
    share: float = Field(gt=0, lt=1, allow_inf_nan=False)
    started_at: AwareDatetime
    guardrails: Guardrails = Guardrails()
    scales: dict[Metric, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = Field(default_factory=dict)
    ending: Ending | None = None

    @model_validator(mode="after")
    def _two_models(self) -> Experiment:
        if self.champion == self.challenger:
            raise ValueError("champion and challenger are the same version")
        return self

    @property
    def running(self) -> bool:
        return self.ending is None

    @property
    def versions(self) -> frozenset[str]:
        """Model versions that must stay online while it runs."""
        return frozenset({self.champion, self.challenger})

    def ended(self, at: datetime, by: Stopper, reason: str) -> Experiment:
        """The same experiment, over."""
        return self.model_copy(update={"ending": Ending(at=at, by=by, reason=reason)})
