"""Bodies about plans."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

_MOST = 2**53


class PlanTerms(BaseModel):
    """What a plan allows a month, how fast, and what it costs.

    A quota that is left out has no end. Prices are of 1,000 units beyond the quota, in hundredths of the
    currency; without one the quota ends the answers (429).
    """

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$")
    monthly_fee: int = Field(default=0, ge=0, le=_MOST, description="In hundredths of the currency")
    requests: int | None = Field(default=None, ge=0, le=_MOST)
    events: int | None = Field(default=None, ge=0, le=_MOST)
    items: int | None = Field(default=None, ge=0, le=_MOST)
    seats: int | None = Field(default=None, ge=0, le=_MOST)
    training_minutes: int | None = Field(default=None, ge=0, le=_MOST)
    requests_price: int | None = Field(default=None, ge=0, le=_MOST)
    events_price: int | None = Field(default=None, ge=0, le=_MOST)
    items_price: int | None = Field(default=None, ge=0, le=_MOST)
    key_rate: float | None = Field(default=None, gt=0, le=1_000_000, description="Units a second of each key")
    key_burst: int | None = Field(default=None, ge=1, le=1_000_000, description="Units of a key at once")
    tenant_rate: float | None = Field(default=None, gt=0, le=1_000_000)
    tenant_burst: int | None = Field(default=None, ge=1, le=1_000_000)

    @model_validator(mode="after")
    def _both_of_a_rate(self) -> Self:
        for rate, burst in ((self.key_rate, self.key_burst), (self.tenant_rate, self.tenant_burst)):
            if (rate is None) != (burst is None):
                raise ValueError("a rate and its burst go together")
        return self


class PlanRead(PlanTerms):
    """A plan."""

    plan_id: str
    title: str


class SubscriptionRead(PlanTerms):
    """What a tenant agreed to, until its next subscription begins."""

    plan_id: str
    valid_from: datetime
