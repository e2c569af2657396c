"""What a task of the chain does for its tenants, and when it hands on to the next DAG."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from airflow.sdk.execution_time.context import OutletEventAccessors

from recolake.errors import MappingError, ServiceUnavailableError
from recolake.files import write_atomically
from recolake.orchestration.dag_kit import ASSETS, as_json, run_for_tenants
from recolake.settings import Settings, load_settings
from recolake.tenancy.api_keys import Scope
from recolake.tenancy.directory import tenants_snapshot
from spark_jobs.report import FileReport, IngestReport


@dataclass
class Report:
    tenant: str
    accepted: int
    at: datetime = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _two_tenants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("RECOLAKE_HOME", str(tmp_path))
    monkeypatch.delenv("RECOLAKE_AIRFLOW_URL", raising=False)
    load_settings.cache_clear()
    write_atomically(tenants_snapshot(Settings()), b'["demo", "shop"]')
    yield
    load_settings.cache_clear()


def context(*extras: dict[str, Any], attempt: int = 1, conf: dict[str, Any] | None = None) -> dict[str, Any]:
    """Airflow's context of a run that events with these extras started."""
    events = [SimpleNamespace(extra=extra) for extra in extras]
    pushed: dict[str, Any] = {}
    return {
        "ti": SimpleNamespace(
            try_number=attempt, max_tries=2, xcom_push=lambda key, value: pushed.update({key: value})
        ),
        "pushed": pushed,
        "dag_run": SimpleNamespace(conf=conf),
        "triggering_asset_events": {"landing": events} if events else {},
        "outlet_events": OutletEventAccessors(),
    }


def sent(of: dict[str, Any]) -> list[str]:
    tenants: list[str] = of["outlet_events"][ASSETS["bronze"]].extra["tenants"]
    return tenants


def test_only_the_tenants_of_the_events_are_worked_on_and_handed_on() -> None:
    run = context({"tenants": ["shop"], "upload_id": "u"})
    assert run_for_tenants("bronze", lambda tenant: {"rows": 1}, context=run) == {"shop": {"rows": 1}}
    assert sent(run) == ["shop"]


def test_a_sweep_is_about_every_tenant_but_hands_on_only_what_changed() -> None:
    run = context()
    counts = {"demo": 0, "shop": 3}
    reports = run_for_tenants(
        "bronze",
        lambda tenant: [Report(tenant, counts[tenant])],
        changed=lambda reports, announced: reports[0].accepted > 0 and not announced,
        context=run,
    )
    assert set(reports) == {"demo", "shop"}
    assert sent(run) == ["shop"]


def test_a_run_by_hand_may_name_its_tenants() -> None:
    run = context(conf={"tenants": ["demo"]})
    assert set(run_for_tenants("bronze", lambda tenant: {}, context=run)) == {"demo"}


@pytest.mark.parametrize("extras", [({"tenants": ["shop"]},), ({"tenants": ["gone"]},)])
def test_where_nothing_is_new_nothing_downstream_is_started(extras: tuple[dict[str, Any], ...]) -> None:
    run = context(*extras)
    with pytest.raises(AirflowSkipException):
        run_for_tenants(
            "bronze",
            lambda tenant: [],
            changed=lambda reports, announced: bool(reports) or not announced,
            context=run,
        )
    assert "tenants" not in run["outlet_events"][ASSETS["bronze"]].extra
    assert run["pushed"] == {"return_value": {"shop": []} if extras[0]["tenants"] == ["shop"] else {}}


def test_a_retry_hands_on_what_an_attempt_killed_after_its_work_could_not() -> None:
    run = context({"tenants": ["shop"]}, attempt=2)
    run_for_tenants(
        "bronze",
        lambda tenant: [],
        changed=lambda reports, announced: bool(reports) or not announced,
        context=run,
    )
    assert sent(run) == ["shop"]


def failing(error: Exception) -> Callable[[str], dict[str, Any]]:
    """A step that fails for the tenant `demo` alone."""
    worked: list[str] = []

    def step(tenant: str) -> dict[str, Any]:
        worked.append(tenant)
        if tenant == "demo":
            raise error
        return {"worked": worked}

    return step


def test_an_error_that_trying_again_cannot_mend_is_not_tried_again() -> None:
    with pytest.raises(AirflowFailException, match="demo: Column 7"):
        run_for_tenants("bronze", failing(MappingError("Column 7.")), context=context({"tenants": ["demo"]}))


def test_an_error_in_passing_is_raised_for_another_attempt() -> None:
    with pytest.raises(AirflowException, match="demo: Spark"):
        run_for_tenants("bronze", failing(ServiceUnavailableError("Spark is away.")), context=context())


@pytest.mark.parametrize(
    ("error", "attempt", "told"),
    [
        (MappingError("Column 7."), 1, [("bronze", {"tenants": ["shop"]})]),
        (ServiceUnavailableError("Away."), 1, []),
        (ServiceUnavailableError("Away."), 3, [("bronze", {"tenants": ["shop"]})]),
        (ZeroDivisionError(), 3, [("bronze", {"tenants": ["shop"]})]),
    ],
)
def test_one_tenants_lasting_failure_sends_the_others_on(
    error: Exception, attempt: int, told: list[Any]
) -> None:
    announced: list[Any] = []
    with pytest.raises(AirflowException):
        run_for_tenants(
            "bronze",
            failing(error),
            context=context(attempt=attempt),
            send_on=lambda asset, extra: announced.append((asset, extra)),
        )
    assert announced == told


def test_reports_become_plain_json() -> None:
    moment = "2025-01-01 00:00:00+00:00"
    assert as_json([Report("shop", 2)]) == [{"tenant": "shop", "accepted": 2, "at": moment}]
    assert as_json({"path": Path("/a")}) == {"path": "/a"}
    assert as_json([Counter(bad=2), float("nan"), Scope.EVENTS_WRITE]) == [{"bad": 2}, None, "events:write"]


def test_the_report_of_an_ingest_is_plain_json_with_its_sums() -> None:
    reasons = Counter(bad_time=1)
    files = tuple(FileReport(name, accepted=3, quarantined=1, reasons=reasons) for name in ("a", "b"))
    report = json.loads(json.dumps(as_json(IngestReport("shop", "u", files, verdict=True))))
    assert (report["rows_in"], report["accepted"], report["reasons"]) == (8, 6, {"bad_time": 2})
    assert [file["rows_in"] for file in report["files"]] == [4, 4]
