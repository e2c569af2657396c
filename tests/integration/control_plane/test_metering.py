"""From the journal to PostgreSQL: every billable call once, whoever is killed; the accounts agree."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from control_plane.database import open_database
from control_plane.tenants import service as tenants
from control_plane.usage import repository
from control_plane.usage.reconcile import Reconciliation, reconcile_usage
from control_plane.usage.ship import meter_usage
from recolake.files import private_folder
from recolake.journal.segments import dispose, sealed_segments
from recolake.lake.tables import BRONZE_RECOMMENDATIONS
from recolake.limits.plans import Kind
from recolake.settings import PROJECT_ROOT, Settings
from recolake.tenancy.context import Tenant
from recolake.usage.bills import bills_folder, release
from recolake.usage.journal import UsageJournal
from recolake.usage.meter import MeterRecord
from recolake.usage.record import UsageRecord
from recolake.usage.segments import read_segment

SEEDS = range(20) if os.environ.get("RECOLAKE_SOAK") else range(2)
DAY = date(2028, 2, 29)
NOON = datetime(2028, 2, 29, 12, tzinfo=UTC)


@pytest.fixture
def own(home_beside: Callable[..., Settings], tmp_path: Path) -> Settings:
    """The platform's PostgreSQL, and a journal, a lake and logs of one's own."""
    return home_beside(tmp_path)


@pytest.fixture
def tenant(own: Settings) -> Tenant:
    name = f"t{uuid4().hex[:12]}"
    tenants.create_tenant(own, name)
    return Tenant(name)


def answered(tenant: Tenant, number: int, at: datetime = NOON) -> UsageRecord:
    return UsageRecord(
        tenant_id=tenant.name,
        recommendation_id=f"rec_{number}",
        served_at=at,
        key_id="key_1",
        user_id="somebody",
        model_version="v1",
        strategy="personal",
        item_ids=("i1",),
        scenario="home" if number % 2 else None,
    )


def taken_in(tenant: Tenant, usage_id: str, units: int, at: datetime = NOON) -> MeterRecord:
    return MeterRecord(
        usage_id=usage_id, tenant_id=tenant.name, at=at, key_id="key_1", kind=Kind.EVENTS, units=units
    )


def write(settings: Settings, *records: UsageRecord | MeterRecord) -> None:
    """One sealed segment."""
    journal = UsageJournal(settings.journal_root, "staging")
    for record in records:
        journal.append(record) if isinstance(record, UsageRecord) else journal.meter(record)
    journal.close()


def units(settings: Settings, tenant: Tenant) -> dict[str, int]:
    """Units by kind that PostgreSQL has of the day."""
    begins = datetime(2028, 2, 29, tzinfo=UTC)
    with open_database(settings).platform() as session:
        rows = repository.by_day(session, tenant, begins, begins + timedelta(days=1), None, 100)
    found: dict[str, int] = {}
    for row in rows:
        assert row.environment == "staging"
        found[row.kind] = found.get(row.kind, 0) + row.units
    return found


def land(settings: Settings) -> None:
    """As the lake takes segments: rows of the table, each once; then the segment is released."""
    for path in sealed_segments(settings.journal_root):
        rows = [
            {
                "tenant_id": record.tenant_id,
                "recommendation_id": record.recommendation_id,
                "usage_id": record.usage_id,
                "served_at": record.served_at,
                "served_date": record.served_at.date(),
            }
            for record in read_segment(path)[0]
        ]
        if rows:
            location = BRONZE_RECOMMENDATIONS.location(settings)
            write_deltalake(location, pa.Table.from_pylist(rows), mode="append")
        release(path, aside=False)


def test_a_call_is_billed_once_whoever_reads_the_journal_first_and_however_often(
    own: Settings, tenant: Tenant
) -> None:
    write(own, answered(tenant, 1), answered(tenant, 1), answered(tenant, 2), taken_in(tenant, "e1", 500))
    first = meter_usage(own)
    assert (first.files, first.lines, first.added) == (1, 4, 3)
    assert meter_usage(own).files == 0, "what PostgreSQL has is not read again"
    write(own, answered(tenant, 3), taken_in(tenant, "e1", 500))
    land(own)
    assert sealed_segments(own.journal_root) == []
    assert [path.name for path in bills_folder(own.journal_root).iterdir()], "the lake left the bill"
    second = meter_usage(own)
    assert (second.files, second.lines, second.added) == (1, 2, 1)
    assert list(bills_folder(own.journal_root).iterdir()) == []
    assert units(own, tenant) == {"requests": 3, "events": 500}


def test_a_bill_names_nobody(own: Settings, tenant: Tenant) -> None:
    write(own, answered(tenant, 1))
    land(own)
    (bill,) = bills_folder(own.journal_root).iterdir()
    assert "somebody" not in bill.read_text()
    assert json.loads(bill.read_text()) == {
        "usage_id": "rec_1",
        "tenant_id": tenant.name,
        "at": "2028-02-29T12:00:00Z",
        "key_id": "key_1",
        "kind": "requests",
        "units": 1,
        "scenario": "home",
        "environment": "staging",
    }


KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy.orm import Session
from control_plane.usage.ship import meter_usage
from recolake.settings import Settings
from recolake.journal.segments import sealed_segments
from recolake.usage import bills

left = int(sys.argv[1])

def counted(call):
    def step(*args, **kwargs):
        global left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **kwargs)
    return step

Session.execute, Session.commit = counted(Session.execute), counted(Session.commit)
Path.touch, Path.unlink, Path.rename = counted(Path.touch), counted(Path.unlink), counted(Path.rename)
bills.write_atomically = counted(bills.write_atomically)
settings = Settings()
if sys.argv[2] == "lake":
    for path in sealed_segments(settings.journal_root):
        bills.release(path, aside=False)
else:
    meter_usage(settings)
"""


@pytest.mark.parametrize("seed", SEEDS)
def test_kill_9_of_who_ships_loses_nothing_and_doubles_nothing(
    own: Settings, tenant: Tenant, seed: int
) -> None:
    """Faults 1 and 4: usage equals the ledger."""
    chance = random.Random(seed)
    environment = os.environ | own.environment() | {"PYTHONPATH": str(PROJECT_ROOT)}
    ledger, killed = 0, 0
    for round_ in range(3):
        for segment in range(2):
            count = chance.randint(1, 30)
            write(own, *(answered(tenant, 1_000 * round_ + 100 * segment + n) for n in range(count)))
            ledger += count
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(chance.randint(1, 14)), chance.choice(["meter", "lake"])],
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        killed += done.returncode != 0
    meter_usage(own)
    for path in sealed_segments(own.journal_root):
        release(path, aside=False)
    meter_usage(own)
    assert units(own, tenant) == {"requests": ledger}, f"seed {seed}, {killed} kills"
    assert not any(bills_folder(own.journal_root).iterdir())


def log(settings: Settings, tenant: Tenant, *usage_ids: str, at: datetime = NOON) -> None:
    """As the API's access log tells it."""
    private_folder(settings.log_root)
    with (settings.log_root / "api.log").open("a") as file:
        for usage_id in usage_ids:
            entry = {"tenant": tenant.name, "id": usage_id, "kind": "requests", "units": 1}
            file.write(json.dumps({"event": "request", "time": at.isoformat(), "usage": [entry]}) + "\n")
        file.write("no JSON\n")


def of(report: Reconciliation, tenant: Tenant) -> list[tuple[str, str, list[str]]]:
    """Differences of one tenant: others share the database."""
    return [(d.there, d.missing, d.ids) for d in report.differences if d.tenant == tenant.name]


def test_three_accounts_of_a_day_agree_to_a_difference_of_zero_or_name_it(
    own: Settings, tenant: Tenant
) -> None:
    late = NOON.replace(hour=23, minute=59, second=59)
    write(own, answered(tenant, 1), answered(tenant, 2, late), taken_in(tenant, "e1", 9))
    meter_usage(own)
    land(own)
    log(own, tenant, "rec_1", "e1")
    log(own, tenant, "rec_2", at=late + timedelta(seconds=2))  # It was answered after midnight.
    report = reconcile_usage(own, DAY)
    assert of(report, tenant) == []
    assert report.counts[tenant.name] == {"PostgreSQL": 3, "lake": 2, "request log": 2}
    # Now each account has something that another lacks.
    log(own, tenant, "rec_lost")
    write(own, answered(tenant, 4))
    meter_usage(own)
    (segment,) = sealed_segments(own.journal_root)
    dispose(segment, aside=False)
    assert of(reconcile_usage(own, DAY), tenant) == [
        ("PostgreSQL", "lake", ["rec_4"]),
        ("request log", "PostgreSQL", ["rec_lost"]),
        ("PostgreSQL", "request log", ["rec_4"]),
    ]


def test_a_log_that_is_not_there_is_told_and_not_taken_for_agreement(own: Settings) -> None:
    report = reconcile_usage(own, DAY)
    assert report.differs
    assert any("request log" in line for line in report.lines())
