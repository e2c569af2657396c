"""What a task of the chain does for its tenants, and when it hands on to the next DAG."""

from __future__ import annotations

import json
import signal
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
from airflow.sdk.execution_time.timeout import TimeoutPosix

from recolake.errors import (
    MappingError,
    NotFoundError,
    RecolakeError,
    ServiceUnavailableError,
    UnknownTenantError,
)
from recolake.files import write_atomically
from recolake.orchestration.dag_kit import ASSETS, as_json, run_for_tenants
from recolake.settings import Settings, load_settings
from recolake.tenancy.api_keys import Scope
from recolake.tenancy.directory import tenants_snapshot
from spark_jobs.report import FileReport, IngestReport
from training.publish import GateError


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


class Kept(dict[str, Any]):
    """What is kept from attempt to attempt; the integration tests have Airflow's own."""

    def set(self, key: str, value: Any) -> None:
        self[key] = json.loads(json.dumps(value))

    def delete(self, key: str) -> None:
        self.pop(key, None)


def context(
    *extras: dict[str, Any], conf: dict[str, Any] | None = None, kept: Kept | None = None
) -> dict[str, Any]:
    """Airflow's context of an attempt of a run that events with these extras started."""
    events = [SimpleNamespace(extra=extra) for extra in extras]
    pushed: dict[str, Any] = {}
    return {
        "ti": SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: value})),
        "task_state_store": Kept() if kept is None else kept,
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


def test_an_attempt_killed_between_its_work_and_its_event_is_made_good_where_the_next_step_is_due() -> None:
    run = context()
    reports = run_for_tenants(
        "bronze",
        lambda tenant: [],
        changed=lambda reports, announced: bool(reports),
        due=lambda tenant: tenant == "shop",
        context=run,
    )
    assert reports == {"demo": [], "shop": []}
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


@pytest.mark.parametrize("error", [MappingError("Such."), UnknownTenantError("Such."), GateError("Such.")])
def test_an_error_that_trying_again_cannot_mend_is_not_tried_again(error: RecolakeError) -> None:
    with pytest.raises(AirflowFailException, match="demo: Such"):
        run_for_tenants("bronze", failing(error), context=context({"tenants": ["demo"]}))


@pytest.mark.parametrize("error", [ServiceUnavailableError("Such."), NotFoundError("Such.")])
def test_an_error_that_may_pass_is_raised_for_another_attempt(error: RecolakeError) -> None:
    with pytest.raises(AirflowException, match="demo: Such") as raised:
        run_for_tenants("bronze", failing(error), context=context())
    assert not isinstance(raised.value, AirflowFailException)


ONLY_SHOP = [("bronze", {"tenants": ["shop"]})]


class Announced(list[tuple[str, Any]]):
    """Takes events as Airflow's API does: it gives an id, or None where nobody heard them."""

    def __init__(self, heard: bool = True) -> None:
        super().__init__()
        self._heard = heard

    def __call__(self, asset: str, extra: Any) -> int | None:
        if self._heard:
            self.append((asset, extra))
        return len(self) or None


@pytest.mark.parametrize(
    "error", [MappingError("Column 7."), ServiceUnavailableError("Away."), ZeroDivisionError()]
)
def test_one_tenants_failure_sends_the_others_on_at_once(error: Exception) -> None:
    events = Announced()
    with pytest.raises(AirflowException):
        run_for_tenants("bronze", failing(error), context=context(), send_on=events)
    assert events == ONLY_SHOP


@pytest.mark.parametrize(
    ("got_through", "sent"), [(set(), []), ({"demo"}, [("bronze", {"tenants": ["demo"]})])]
)
def test_who_failed_is_sent_on_only_where_some_of_its_news_got_through(
    got_through: set[str], sent: list[Any]
) -> None:
    events = Announced()
    with pytest.raises(AirflowException):
        run_for_tenants(
            "bronze",
            failing(ServiceUnavailableError("Away.")),
            changed=lambda report, announced: False,
            due=lambda tenant: tenant in got_through,
            context=context(),
            send_on=events,
        )
    assert events == sent


def test_a_retry_works_on_those_that_are_left_and_hands_on_them_alone() -> None:
    kept, events = Kept(), Announced()
    with pytest.raises(AirflowException):
        run_for_tenants(
            "bronze",
            failing(ServiceUnavailableError("Away.")),
            context=context(kept=kept),
            send_on=events,
        )
    again = context(kept=kept)
    worked: list[str] = []
    reports = run_for_tenants("bronze", lambda tenant: worked.append(tenant), context=again, send_on=events)
    assert worked == ["demo"]
    assert sent(again) == ["demo"]
    assert reports == {"demo": None, "shop": {"worked": ["demo", "shop"]}}
    assert events == ONLY_SHOP
    assert kept == {}, "a task that is cleared later works on everybody again"


def test_a_retry_of_a_sweep_hands_on_nobody_for_whom_nothing_changed() -> None:
    kept = Kept()

    def attempt(step: Callable[[str], Any]) -> dict[str, Any]:
        run = context(kept=kept)
        run_for_tenants("bronze", step, changed=lambda report, announced: bool(report), context=run)
        return run

    def away(tenant: str) -> Any:
        raise ServiceUnavailableError("Away.")

    with pytest.raises(AirflowException):
        attempt(away)
    with pytest.raises(AirflowSkipException):
        attempt(lambda tenant: [])


def test_an_event_that_nobody_heard_is_left_to_the_retry() -> None:
    kept = Kept()
    with pytest.raises(AirflowException):
        run_for_tenants(
            "bronze",
            failing(ServiceUnavailableError("Away.")),
            context=context(kept=kept),
            send_on=Announced(heard=False),
        )
    again = context(kept=kept)
    run_for_tenants("bronze", lambda tenant: {}, context=again)
    assert sent(again) == ["demo", "shop"]


def test_a_tenant_that_takes_all_the_time_costs_the_others_one_attempt_at_most() -> None:
    kept, events = Kept(), Announced()
    worked: list[str] = []

    def step(tenant: str) -> str:
        worked.append(tenant)
        if tenant == "demo":
            signal.pause()
        return tenant

    for _ in range(2):
        with pytest.raises(AirflowException, match="demo: the time"), TimeoutPosix(0.2):
            run_for_tenants("bronze", step, context=context(kept=kept), send_on=events)
    assert worked == ["demo", "shop", "demo"]
    assert events == ONLY_SHOP


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
