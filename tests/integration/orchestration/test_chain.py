"""The running Airflow: a landing starts the chain, nothing new ends it, a failure comes with its log."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from control_plane.tenants import service as tenants
from control_plane.uploads import service as uploads
from recolake.errors import NotFoundError
from recolake.landing.store import land
from recolake.landing.upload import MAPPING, UploadManifest, upload_folder
from recolake.orchestration.airflow import AirflowClient, announce_landing, notify_landing
from recolake.orchestration.chain import CHAIN, LANDING, extra_for
from recolake.orchestration.follow import StepFailedError, StepState, follow_landing
from recolake.platform import control
from recolake.settings import PROJECT_ROOT, Settings
from recolake.tenancy.context import Tenant

DAY = (
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    "536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom\n"
)


@pytest.fixture(scope="module")
def with_airflow(platform: Settings) -> Settings:
    """Airflow beside the data services, with its DAGs read."""
    control.up(platform, ["airflow", "airflow-scheduler", "airflow-dag-processor"])
    return platform


@pytest.fixture
def tenant(with_airflow: Settings) -> Tenant:
    """A tenant of this test alone."""
    name = f"t{uuid4().hex[:12]}"
    tenants.create_tenant(with_airflow, name)
    return Tenant(name)


def landed(settings: Settings, tenant: Tenant, folder: Path, text: str) -> UploadManifest:
    """Land one file of this text."""
    day = folder / "day.csv"
    day.write_text(text)
    upload = land(settings, tenant, [day], PROJECT_ROOT / "mappings" / "online_retail.yaml").upload
    assert upload is not None
    return upload


@pytest.fixture
def unreadable(with_airflow: Settings, tenant: Tenant, tmp_path: Path) -> Iterator[UploadManifest]:
    """An upload whose mapping was damaged in the landing zone; it is gone after the test."""
    upload = landed(with_airflow, tenant, tmp_path, DAY)
    folder = upload_folder(with_airflow, upload)
    (folder / MAPPING).write_text("version: 1\nevent: [")
    yield upload
    shutil.rmtree(folder)


def announced(settings: Settings, tenant: Tenant, upload_id: str) -> int:
    """Id of the event, once Airflow has read the DAGs."""
    with AirflowClient(settings) as airflow:
        airflow.wait_for_dags()
    event = announce_landing(settings, tenant, upload_id)
    assert event is not None
    return event


def test_a_landing_without_a_usable_row_is_ingested_and_the_chain_ends_there(
    with_airflow: Settings, tenant: Tenant, tmp_path: Path
) -> None:
    upload = landed(with_airflow, tenant, tmp_path, DAY.replace("2010-12-01 08:26:00", "yesterday"))
    event = announced(with_airflow, tenant, upload.upload_id)
    with AirflowClient(with_airflow) as airflow:
        states = list(follow_landing(airflow, event, timeout_seconds=300))
    assert (states[0].dag_id, states[0].state) == ("ingest", "waiting")
    assert (states[-1].dag_id, states[-1].state) == ("ingest", "skipped")
    assert {state.dag_id for state in states} == {"ingest"}
    assert states[-1].report is not None
    assert states[-1].report[tenant.name][0]["quarantined"] == 1
    read = uploads.read(with_airflow, tenant, upload.upload_id)
    (account,) = read.accounting
    assert (read.state, account.rows_in, account.accepted, account.quarantined) == ("accepted", 1, 0, 1)


def test_a_step_that_fails_for_good_is_told_at_once_with_the_end_of_its_log(
    with_airflow: Settings, tenant: Tenant, unreadable: UploadManifest
) -> None:
    event = announced(with_airflow, tenant, unreadable.upload_id)
    with (
        AirflowClient(with_airflow) as airflow,
        pytest.raises(StepFailedError, match=r"'ingest' failed after 1 attempt[\s\S]*mapping") as failure,
    ):
        list(follow_landing(airflow, event, timeout_seconds=180))
    assert tenant.name in failure.value.message


def test_a_retry_works_on_the_tenants_that_are_left_and_keeps_the_reports_of_the_others(
    with_airflow: Settings, tenant: Tenant, tmp_path: Path
) -> None:
    other = Tenant(f"{tenant.name}-2")
    tenants.create_tenant(with_airflow, other.name)
    for owner in (tenant, other):
        landed(with_airflow, owner, tmp_path, DAY.replace("2010-12-01 08:26:00", "yesterday"))
    # A folder in place of the lock's file: an error in passing, for one tenant alone.
    obstacle = with_airflow.run_root / f"ingest-{other}.lock"
    obstacle.mkdir()
    seen: dict[str, StepState] = {}
    with AirflowClient(with_airflow) as airflow:
        airflow.wait_for_dags()
        event = airflow.announce(LANDING, extra_for([tenant.name, other.name]))
        for state in follow_landing(airflow, event, timeout_seconds=300):
            if state.state == "retrying" and obstacle.is_dir():
                obstacle.rmdir()
            seen[state.state] = state
    assert "retrying" in seen
    ended = seen["skipped"]
    assert ended.attempt == 2
    assert ended.report is not None
    for owner in (tenant, other):
        (report,) = ended.report[owner.name]
        assert report["quarantined"] == 1, "an upload that is ingested already has no report"


def test_every_dag_is_switched_on_and_nothing_failed_to_parse(with_airflow: Settings, tenant: Tenant) -> None:
    with AirflowClient(with_airflow) as airflow:
        airflow.wait_for_dags()
        paused = {dag["dag_id"]: dag["is_paused"] for dag in airflow.get("/dags")["dags"]}
        assert airflow.get("/importErrors")["import_errors"] == []
    others = (
        "ship_usage",
        "meter_usage",
        "reconcile_usage",
        "guard_experiments",
        "maintain_lake",
        "deliver_records",
        "answer_people",
        "retain_people",
        "checkpoint_audit",
        "retain_audit",
        "retain_usage",
        "tend_tenants",
    )
    assert paused == dict.fromkeys([*(step.dag_id for step in CHAIN), *others], False)


def test_an_asset_that_no_dag_names_is_told(with_airflow: Settings) -> None:
    with AirflowClient(with_airflow) as airflow, pytest.raises(NotFoundError):
        airflow.announce("no_such_asset", {})


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:1"])
def test_without_an_airflow_a_landing_is_no_error(tmp_path: Path, url: str | None) -> None:
    assert notify_landing(Settings(home=tmp_path, airflow_url=url), Tenant("shop"), "u") is False
