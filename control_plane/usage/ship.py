"""From the journal into PostgreSQL: each billable call once, however often this is tried or killed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from control_plane.database import open_database
from control_plane.snapshots import publish
from control_plane.usage import repository, thresholds
from recolake.limits.calendar import month_of
from recolake.moments import Clock, utc_now
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.locks import metering_usage
from recolake.usage.bills import settle, unbilled
from recolake.usage.meter import MeterRecord
from recolake.usage.segments import read_meter


@dataclass
class MeterReport:
    """`lines` were read from `files`, of which `added` were new; `reached` shares of quotas were new, too.

    `unreadable` lines stay where they are, and are set aside once the lake takes their segment.
    """

    files: int = 0
    lines: int = 0
    added: int = 0
    unreadable: int = 0
    reached: int = 0


def meter_usage(
    settings: Settings, progress: Callable[[str], None] | None = None, *, now: Clock = utc_now
) -> MeterReport:
    """Bring what the journal says is billed into `usage_records`; runs wait for each other.

    A file is settled after its rows are committed; one that is read again adds nothing, as a row is known by
    its usage id. Then the data plane is told what is used.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer; the journal keeps everything.
    """
    report, database = MeterReport(), open_database(settings)
    with metering_usage(settings):
        for path in unbilled(settings.journal_root):
            try:
                records, unreadable = read_meter(path)
            except FileNotFoundError:
                continue  # The lake took it meanwhile; its bill is there for the next run.
            with database.platform() as session:
                if records:
                    report.added += repository.add(session, records)
                    reached = thresholds.record(session, _months(records), now())
                    report.reached += len(reached)
                    # Before the commit: who is killed in between tells the same once more.
                    for row in reached:
                        thresholds.tell_of(settings, row)
            settle(path)
            report.files += 1
            report.lines += len(records)
            report.unreadable += unreadable
            if progress:
                progress(f"{report.lines} lines of {report.files} files")
    publish(settings, database, now=now)
    return report


def _months(records: list[MeterRecord]) -> list[tuple[Tenant, str]]:
    found = {(each.tenant_id, month_of(each.at)) for each in records}
    return [(Tenant(name), month) for name, month in sorted(found)]
