"""One answered recommendation request, as the data plane writes it down and the lake keeps it."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class UsageRecord(BaseModel):
    """Usage and exposure: the columns of `bronze.recommendations`, but for the date."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tenant_id: str
    recommendation_id: str
    served_at: datetime
    key_id: str
    user_id: str | None
    model_version: str | None
    strategy: str
    item_ids: tuple[str, ...]
    # Lines that were written before there were these lack them.
    fallback: str | None = None
    variant: str | None = None
    experiment_id: str | None = None
    milliseconds: float | None = None
    rules: str | None = None
    kind: str | None = None
    scenario: str | None = None
    scenario_version: int | None = None
    request: str | None = None
    scores: tuple[float, ...] | None = None
    reasons: tuple[str, ...] | None = None
    propensities: tuple[float, ...] | None = None
    # What is billed; the journal fills in the first and the last as it writes the line. Without a name that
    # the caller gave the call, the answer's own id is that of its usage.
    usage_id: str | None = None
    units: int = 1
    environment: str = "live"

    @property
    def billed_as(self) -> str:
        """Usage id of the answer."""
        return self.usage_id or self.recommendation_id

    def to_line(self) -> bytes:
        """One line of JSON, line feed included; JSON escapes those within values."""
        return self.model_dump_json().encode() + b"\n"
