"""Finding the record of one answer: in the journals of this machine, or in the lake once it was shipped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import structlog

from recolake.journal.segments import OPEN_SUFFIX, SEALED_SUFFIX
from recolake.lake.tables import BRONZE_RECOMMENDATIONS
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.usage.record import UsageRecord

# Of the disk and of the API, in seconds.
_CLOCKS_APART = 60.0

_log = structlog.get_logger(__name__)


def find_usage(
    settings: Settings, tenant: Tenant, recommendation_id: str, served_at: datetime
) -> UsageRecord | None:
    """The record of an answer of this tenant; None where neither place has it, or neither can be read.

    Args:
        recommendation_id: its signature was checked, so it is of the form of one.
    """
    found = _in_journal(settings, recommendation_id, served_at.timestamp())
    if found is None:
        found = _in_lake(settings, tenant, recommendation_id, served_at.date())
    return found if found is not None and found.tenant_id == tenant.name else None


def _in_journal(settings: Settings, recommendation_id: str, served_at: float) -> UsageRecord | None:
    wanted = recommendation_id.encode()
    for suffix in (OPEN_SUFFIX, SEALED_SUFFIX):
        for path in sorted(settings.journal_root.glob(f"*{suffix}"), reverse=True):
            try:
                # What was last written to before the answer does not hold it.
                content = path.read_bytes() if path.stat().st_mtime > served_at - _CLOCKS_APART else b""
            except FileNotFoundError:
                continue  # Sealed or shipped a moment ago.
            for line in _lines_with(wanted, content):
                record = _read(line)
                if record is not None and record.recommendation_id == recommendation_id:
                    return record
    return None


def _lines_with(wanted: bytes, content: bytes) -> Iterator[bytes]:
    """Whole lines that hold the wanted text: one without a line feed was cut, and is owed to nobody."""
    place = content.find(wanted)
    while place >= 0:
        start, end = content.rfind(b"\n", 0, place) + 1, content.find(b"\n", place)
        if end < 0:
            return
        yield content[start:end]
        place = content.find(wanted, end)


def _read(line: bytes) -> UsageRecord | None:
    try:
        return UsageRecord.model_validate_json(line)
    except ValueError:
        return None


def _in_lake(
    settings: Settings, tenant: Tenant, recommendation_id: str, served_on: date
) -> UsageRecord | None:
    """Without the engine, which the API must not need; and an answer without a record is an answer still."""
    import pyarrow as pa
    from deltalake import DeltaTable, QueryBuilder

    # Name, day and id are of fixed forms; none of them can hold a quote.
    rows = f"""
        SELECT * FROM answers WHERE tenant_id = '{tenant.name}'
        AND served_date = DATE '{served_on.isoformat()}' AND recommendation_id = '{recommendation_id}' LIMIT 1
    """  # noqa: S608
    try:
        table = DeltaTable(BRONZE_RECOMMENDATIONS.location(settings))
        found: list[dict[str, Any]] = pa.table(
            QueryBuilder().register("answers", table).execute(rows).read_all()
        ).to_pylist()
    except Exception as error:
        # Of many kinds, and none of them is a reason to answer nothing.
        _log.warning("usage_not_read", tenant=tenant.name, reason=type(error).__name__)
        return None
    known = UsageRecord.model_fields
    return next((UsageRecord(**{k: v for k, v in row.items() if k in known}) for row in found), None)
