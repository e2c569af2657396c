"""Routes of usage, limits and invoices: a tenant sees its own."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from control_plane.auth import BillingReader, CurrentSettings, UsageReader
from control_plane.usage import service
from control_plane.usage.schemas import InvoiceRead, LimitsRead, UsagePage

router = APIRouter(prefix="/v1", tags=["usage"])


@router.get("/usage", operation_id="read_usage")
def read_usage(
    holder: UsageReader,
    settings: CurrentSettings,
    first: Annotated[date, Query(alias="from", description="First day, UTC")],
    last: Annotated[date, Query(alias="to", description="Last day, UTC, included")],
    cursor: Annotated[str | None, Query(max_length=1_000)] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> UsagePage:
    """What was used, by day, kind, key and scenario: as far as it was shipped, some minutes ago."""
    return service.usage_page(settings, holder.tenant, first, last, cursor, limit)


@router.get("/usage/limits", operation_id="read_limits")
def read_limits(holder: UsageReader, settings: CurrentSettings) -> LimitsRead:
    """The plan's quotas and rates, and what remains of the month's quotas."""
    return service.limits(settings, holder.tenant)


@router.get("/invoices/{month}", operation_id="read_invoice")
def read_invoice(month: str, holder: BillingReader, settings: CurrentSettings) -> InvoiceRead:
    """A month's invoice, such as 2026-03; the documentation holds the SQL that computes it."""
    return service.invoice(settings, holder.tenant, month)
