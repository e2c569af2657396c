"""Usage: what was used, what remains, and what it costs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from control_plane.api_keys.schemas import ApiKeyRead
from control_plane.graphql.account import ApiKey
from control_plane.graphql.catalogue import Scenario
from control_plane.graphql.context import Info, read
from control_plane.graphql.scalars import Long
from control_plane.scenarios.schemas import ScenarioRead
from control_plane.usage.endpoints import read_invoice, read_limits, read_usage
from control_plane.usage.schemas import InvoiceRead, LimitsRead, UsagePage


@strawberry.type(description="What one key used of one kind on one day in UTC")
class UsageLine:
    day: date
    kind: str
    key_id: str
    scenario: str | None
    environment: str
    units: Long
    calls: Long

    @read(ApiKey | None, "The key; null where it is not known any more")
    async def key(self, info: Info) -> ApiKeyRead | None:
        return await info.context.keys.load(self.key_id)

    @read(Scenario | None, "The scenario's live version")
    async def live_scenario(self, info: Info) -> ScenarioRead | None:
        return await info.context.scenarios.load(self.scenario) if self.scenario else None


@strawberry.type(description="Usage by day, kind, key, scenario and environment, in that order")
class Usage:
    lines: list[UsageLine]
    next_cursor: str | None


@strawberry.type(description="One quota of the month")
class Quota:
    kind: str
    quota: Long | None
    used: Long
    remaining: Long | None
    beyond: str


@strawberry.type(description="In T seconds at most `burst + rate * T` units are admitted")
class Rate:
    scope: str
    rate: float
    burst: int


@strawberry.type(description="A share of a quota that was reached")
class Reached:
    month: str
    kind: str
    percent: int
    reached_at: datetime


@strawberry.type(description="What the plan allows and what remains of it")
class PlanLimits:
    plan_id: str | None
    month: str
    quotas: list[Quota]
    seats: int | None
    training_minutes: Long | None
    rates: list[Rate]
    reached: list[Reached]


@strawberry.type(description="A fee of one plan's part of the month, or what went beyond a quota")
class InvoiceLine:
    line: str
    about: str
    begins: datetime
    ends: datetime
    quota: Long | None
    used: Long | None
    amount: Long
    currency: str


@strawberry.type(description="A month's invoice; until `final`, a preview of it")
class Invoice:
    tenant_id: str
    month: str
    final: bool
    lines: list[InvoiceLine]
    totals: JSON


@strawberry.type
class Metering:
    """Fields of a query about usage."""

    @read(Usage, "As far as it was shipped, some minutes ago")
    async def usage(
        self,
        info: Info,
        first: Annotated[date, strawberry.argument(name="from", description="First day, UTC")],
        last: Annotated[date, strawberry.argument(name="to", description="Last day, UTC, included")],
        limit: int = 100,
        cursor: str | None = None,
    ) -> UsagePage:
        return await info.context.ask(read_usage, first=first, last=last, limit=limit, cursor=cursor)

    @read(PlanLimits, "The plan, and what remains of the month")
    async def limits(self, info: Info) -> LimitsRead:
        return await info.context.ask(read_limits)

    @read(Invoice, "A month's invoice, such as 2026-03")
    async def invoice(self, info: Info, month: str) -> InvoiceRead:
        return await info.context.ask(read_invoice, month=month)
