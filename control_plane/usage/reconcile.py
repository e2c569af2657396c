"""Whether three accounts of one day agree: PostgreSQL, the lake, and the API's request log.

Each is written at a place of its own: rows are shipped from the journal, the lake takes segments as a whole,
and the log is written when the answer has left. What one account has and another lacks is named by its id.
Moments of an hour around the day are looked at, too: a retry after midnight is the call from before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import orjson

from control_plane.database import open_database
from control_plane.lifecycle import repository as lives
from control_plane.tenants import repository as tenants
from control_plane.usage import repository
from recolake.errors import RecolakeError
from recolake.lake.tables import BRONZE_RECOMMENDATIONS
from recolake.limits.plans import Kind
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_AROUND = timedelta(hours=1)
_SHOWN = 20
Ids = dict[str, datetime]
"""Moments by usage id."""


@dataclass
class Difference:
    """What account `there` has of a tenant, and account `missing` lacks."""

    tenant: str
    there: str
    missing: str
    ids: list[str]


@dataclass
class Reconciliation:
    """Calls of the day by account and tenant, and all differences; accounts that could not be read."""

    day: date
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        """Whether anything is to be looked into."""
        return bool(self.differences or self.unread)

    def lines(self) -> Iterator[str]:
        """For people."""
        for tenant, counts in sorted(self.counts.items()):
            told = ", ".join(f"{account} {count}" for account, count in counts.items())
            yield f"{self.day} {tenant}: {told}"
        for each in self.differences:
            yield f"{each.tenant}: {len(each.ids)} in {each.there}, not in {each.missing}"
            yield from (f"  {usage_id}" for usage_id in each.ids[:_SHOWN])
        yield from (f"not read: {account}" for account in self.unread)
        if not self.differs:
            yield "No difference."


class UsageDiffersError(RecolakeError):
    """Accounts of a day differ, or could not all be read; the message names the calls."""

    code = "usage_differs"

    def __init__(self, report: Reconciliation) -> None:
        super().__init__("\n".join(report.lines()), hint="docs/howto/usage-and-invoices.md says what to do.")


def compare(
    day: date, tenant: str, billed: Ids, requests: Ids, accounts: Mapping[str, Ids]
) -> Reconciliation:
    """Compare one tenant's accounts.

    Args:
        billed: PostgreSQL's rows; `requests` those of recommendations, which alone are in the lake.
        accounts: `lake` and `request log`, where they could be read.
    """
    within = {True: requests, False: billed}
    found = Reconciliation(day, {tenant: {"PostgreSQL": len(_of(day, billed))}})
    for account, theirs in accounts.items():
        ours = within[account == "lake"]
        found.counts[tenant][account] = len(_of(day, theirs))
        for there, missing, ids in (
            (account, "PostgreSQL", _of(day, theirs) - billed.keys()),
            ("PostgreSQL", account, _of(day, ours) - theirs.keys()),
        ):
            if ids:
                found.differences.append(Difference(tenant, there, missing, sorted(ids)))
    return found


def reconcile_usage(settings: Settings, day: date) -> Reconciliation:
    """Compare all tenants' accounts of a day in UTC, once journal and segments are shipped.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    begins = datetime.combine(day, time(), UTC) - _AROUND
    ends = begins + timedelta(days=1) + 2 * _AROUND
    total = Reconciliation(day)
    log = request_log(settings.log_root, begins, ends)
    if log is None:
        total.unread.append(f"request log in {settings.log_root}")
    with open_database(settings).platform() as session:
        names = {row.tenant_id for row in tenants.list_all(session)} | set(log or {})
        # Of those whose data is erased the lake has no rows, and PostgreSQL all that there were.
        erased = {who for who, life in lives.standings(session).items() if life.erasing_since is not None}
        names -= erased
        rows = {name: repository.ids(session, Tenant(name), begins, ends) for name in sorted(names)}
    lake = _lake(settings, begins, ends)
    if lake is None:
        total.unread.append(BRONZE_RECOMMENDATIONS.qualified)
    for name, found in rows.items():
        # What was trained is no call: MLflow's runs tell of it, and no log.
        billed = {row.usage_id: row.at for row in found if row.kind != Kind.TRAINING_MINUTES}
        requests = {row.usage_id: row.at for row in found if row.kind == Kind.REQUESTS}
        accounts = {}
        if lake is not None:
            accounts["lake"] = lake.get(name, {})
        if log is not None:
            accounts["request log"] = log.get(name, {})
        if not billed and not any(accounts.values()):
            continue
        part = compare(day, name, billed, requests, accounts)
        total.counts |= part.counts
        total.differences += part.differences
    return total


def request_log(folder: Path, begins: datetime, ends: datetime) -> dict[str, Ids] | None:
    """Usage by tenant, as the API's access log tells it; None where there is no such log."""
    files = sorted(folder.glob("api*.log*"))
    if not files:
        return None
    found: dict[str, Ids] = {}
    for path in files:
        with path.open("rb") as lines:
            for line in lines:
                if b'"usage"' in line:
                    _note(found, line, begins, ends)
    return found


def _note(found: dict[str, Ids], line: bytes, begins: datetime, ends: datetime) -> None:
    try:
        said: dict[str, Any] = orjson.loads(line)
        moment = datetime.fromisoformat(said["time"])
        entries = [(str(each["tenant"]), str(each["id"])) for each in said["usage"]]
    except (ValueError, KeyError, TypeError):
        return  # Another program's line, or one that a kill cut.
    if begins <= moment < ends:
        for tenant, usage_id in entries:
            found.setdefault(tenant, {})[usage_id] = moment


def _lake(settings: Settings, begins: datetime, ends: datetime) -> dict[str, Ids] | None:
    """Without the engine; None where the table cannot be read."""
    import pyarrow as pa
    from deltalake import DeltaTable, QueryBuilder
    from deltalake.exceptions import DeltaError

    location = BRONZE_RECOMMENDATIONS.location(settings)
    if not DeltaTable.is_deltatable(location):
        return {}
    try:
        table = DeltaTable(location)
        known = {each.name for each in table.schema().fields}
        # A table from before there were usage ids gets the column with its next shipping.
        named = "coalesce(usage_id, recommendation_id)" if "usage_id" in known else "recommendation_id"
        query = f"""
            SELECT tenant_id, {named} AS usage_id, min(served_at) AS at FROM answers
            WHERE served_date BETWEEN DATE '{begins.date()}' AND DATE '{ends.date()}'
            GROUP BY 1, 2
        """  # noqa: S608  dates and column names alone
        rows = pa.table(QueryBuilder().register("answers", table).execute(query).read_all()).to_pylist()
    except (DeltaError, OSError):
        return None
    found: dict[str, Ids] = {}
    for row in rows:
        if begins <= row["at"] < ends:
            found.setdefault(row["tenant_id"], {})[row["usage_id"]] = row["at"]
    return found


def _of(day: date, ids: Ids) -> set[str]:
    return {usage_id for usage_id, moment in ids.items() if moment.astimezone(UTC).date() == day}
