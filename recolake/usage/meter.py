"""What is billed for one call: a line of the usage journal, and a row of PostgreSQL's `usage_records`."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from recolake.limits.plans import Kind
from recolake.usage.record import UsageRecord


class MeterRecord(BaseModel):
    """Units of one kind that a call used; `usage_id` is the same for a call and its retries.

    Nothing in it is about a person, so it outlives an erasure.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    usage_id: str
    tenant_id: str
    at: datetime
    key_id: str
    kind: Kind
    units: int = Field(ge=1)
    scenario: str | None = None
    environment: str = "live"

    def to_line(self) -> bytes:
        """One line of JSON, line feed included."""
        return self.model_dump_json().encode() + b"\n"


def billed(record: UsageRecord) -> MeterRecord:
    """What is billed for an answered recommendation request."""
    return MeterRecord(
        usage_id=record.billed_as,
        tenant_id=record.tenant_id,
        at=record.served_at,
        key_id=record.key_id,
        kind=Kind.REQUESTS,
        units=record.units,
        scenario=record.scenario,
        environment=record.environment,
    )
