"""What is told about usage, limits and invoices."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field


class UsageLine(BaseModel):
    """What one key used of one kind on one day in UTC."""

    day: date
    kind: str = Field(description="requests, events, items, users or training_minutes")
    key_id: str
    scenario: str | None
    environment: str
    units: int = Field(description="A list of n entries is n units")
    calls: int


class UsagePage(BaseModel):
    """Usage by day, kind, key, scenario and environment, in that order."""

    lines: list[UsageLine]
    next_cursor: str | None = Field(description="Ask with it for the lines that follow; null at the end")


class QuotaRead(BaseModel):
    """One quota of the month."""

    kind: str = Field(description="requests, events, items, training_minutes or seats")
    quota: int | None = Field(description="Prorated where the plan changed this month; null: without end")
    used: int = Field(description="Of seats: members who are let in, and open invitations")
    remaining: int | None
    beyond: Literal["refused", "billed"] = Field(description="What happens beyond the quota")


class RateRead(BaseModel):
    """A rate limit: in T seconds at most `burst + rate * T` units are admitted."""

    scope: Literal["key", "tenant"]
    rate: float = Field(description="Units a second in the long run")
    burst: int = Field(description="Units at once")


class ReachedRead(BaseModel):
    """A share of a quota that was reached."""

    month: str
    kind: str
    percent: int
    reached_at: datetime


class LimitsRead(BaseModel):
    """What the plan allows and what remains of it; all empty where there is no plan."""

    plan_id: str | None
    month: str
    quotas: list[QuotaRead]
    seats: int | None
    training_minutes: int | None
    rates: list[RateRead]
    reached: list[ReachedRead]


class InvoiceLine(BaseModel):
    """A fee of one plan's part of the month, or what went beyond a quota."""

    line: Literal["fee", "overage"]
    about: str = Field(description="Plan, or kind of usage")
    begins: datetime
    ends: datetime
    quota: int | None
    used: int | None
    amount: int = Field(description="In hundredths of the currency")
    currency: str


class InvoiceRead(BaseModel):
    """A month's invoice; until the month has ended and its usage is shipped, a preview of it."""

    tenant_id: str
    month: str
    final: bool = Field(description="Whether the month has ended")
    lines: list[InvoiceLine]
    totals: dict[str, int] = Field(description="Sum by currency, in hundredths of it")
