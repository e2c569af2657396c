"""The DAG hands on whomever a build changed, also those whom its run was not about."""

from __future__ import annotations

import runpy
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.execution_time.context import OutletEventAccessors

from recolake.files import write_atomically
from recolake.orchestration import airflow, dag_kit
from recolake.settings import PROJECT_ROOT, Settings, load_settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.directory import tenants_snapshot
from recolake.transform import build
from recolake.transform.outcome import BuildReport


@pytest.fixture
def task(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The DAG's task, in a run that is about the tenant `demo`."""
    load_settings.cache_clear()
    write_atomically(tenants_snapshot(settings), b'["demo", "shop"]')
    context = {
        "ti": SimpleNamespace(),
        "task_state_store": SimpleNamespace(get=lambda key: None, delete=lambda key: None),
        "dag_run": SimpleNamespace(conf={"tenants": ["demo"]}),
        "triggering_asset_events": {},
        "outlet_events": OutletEventAccessors(),
    }
    monkeypatch.setattr(dag_kit, "get_current_context", lambda: context)
    file = runpy.run_path(str(PROJECT_ROOT / "airflow" / "dags" / "build.py"))
    yield file["build_dag"]().get_task("build")
    load_settings.cache_clear()


@pytest.mark.parametrize(
    ("changed", "handed_on"), [(("demo",), []), (("demo", "shop"), [("gold", {"tenants": ["shop"]})])]
)
def test_others_whose_tables_changed_are_handed_on_at_once(
    task: Any, monkeypatch: pytest.MonkeyPatch, changed: tuple[str, ...], handed_on: list[Any]
) -> None:
    announced: list[Any] = []

    def built(settings: Settings, tenant: Tenant, **_: Any) -> BuildReport:
        return BuildReport((), (), changed, full_refresh=len(changed) > 1, seconds=0.0)

    monkeypatch.setattr(build, "build", built)
    monkeypatch.setattr(airflow, "announce", lambda settings, *event: announced.append(event))
    assert set(task.python_callable()) == {"demo"}
    assert announced == handed_on
