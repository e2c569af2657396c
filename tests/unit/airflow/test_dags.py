"""The DAG folder: every file parses, quickly and without heavy imports, and the DAGs form the chain."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from recolake.orchestration.chain import CHAIN, Step
from recolake.settings import PROJECT_ROOT

DAG_FOLDER = PROJECT_ROOT / "airflow" / "dags"
HEAVY = ("pyspark", "torch", "feast", "mlflow", "dbt", "great_expectations", "pandas", "faiss")

# A process of its own: what the folder imports shows, and Airflow keeps its files out of the way.
REPORT = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1], bundle_name="test")
def dag(d):
    return {
        "assets": sorted(a.name for a in d.timetable.asset_condition.objects)
        if getattr(d.timetable, "asset_condition", None) else [],
        "timetable": type(d.timetable).__name__, "catchup": d.catchup, "runs": d.max_active_runs,
        "tags": sorted(d.tags), "doc": d.doc_md or "", "file": d.fileloc,
        "tasks": [
            {"id": t.task_id, "owner": t.owner, "retries": t.retries, "delay": t.retry_delay.total_seconds(),
             "limit": t.execution_timeout.total_seconds(), "outlets": [o.name for o in t.outlets]}
            for t in d.tasks
        ],
    }
print("REPORT", json.dumps({
    "errors": {k: str(v) for k, v in bag.import_errors.items()},
    "dags": {k: dag(d) for k, d in bag.dags.items()},
    "heavy": sorted({m.split(".")[0] for m in sys.modules} & set(sys.argv[2].split(","))),
}))
"""


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Airflow finds in the folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    home = tmp_path_factory.mktemp("airflow")
    environment |= {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    done = subprocess.run(
        [sys.executable, "-c", REPORT, str(DAG_FOLDER), ",".join(HEAVY)],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("REPORT ")]
    assert lines, done.stderr[-3000:]
    report: dict[str, Any] = json.loads(lines[-1].removeprefix("REPORT "))
    return report


def test_every_file_parses_and_declares_one_dag_of_its_own_name(bag: dict[str, Any]) -> None:
    assert bag["errors"] == {}
    files = {path.stem for path in DAG_FOLDER.glob("*.py")}
    others = {"ship_usage", "guard_experiments", "maintain_lake", "deliver_records"} | {
        "answer_people",
        "retain_people",
        "meter_usage",
        "reconcile_usage",
        "checkpoint_audit",
        "retain_audit",
        "retain_usage",
        "tend_tenants",
    }
    assert set(bag["dags"]) == files == {step.dag_id for step in CHAIN} | others
    assert all(Path(dag["file"]).stem == name for name, dag in bag["dags"].items())


def test_parsing_imports_nothing_heavy(bag: dict[str, Any]) -> None:
    assert bag["heavy"] == []


@pytest.mark.parametrize("step", CHAIN, ids=lambda step: step.dag_id)
def test_each_step_is_started_by_the_asset_before_it_and_writes_the_next(
    bag: dict[str, Any], step: Step
) -> None:
    dag = bag["dags"][step.dag_id]
    assert dag["assets"] == [step.reads]
    (task,) = dag["tasks"]
    assert (task["id"], task["outlets"]) == (step.dag_id, [step.writes])


def test_the_chain_has_no_gap() -> None:
    assert [step.writes for step in CHAIN[:-1]] == [step.reads for step in CHAIN[1:]]


def test_a_lost_landing_event_is_made_good_by_the_hourly_sweep(bag: dict[str, Any]) -> None:
    assert bag["dags"]["ingest"]["timetable"] == "AssetOrTimeSchedule"


def test_every_dag_has_an_owner_retries_limits_an_impact_tier_and_a_text(bag: dict[str, Any]) -> None:
    for name, dag in bag["dags"].items():
        assert (dag["runs"], dag["catchup"]) == (1, False), name
        assert sum(tag.startswith("impact/tier_") for tag in dag["tags"]) == 1, name
        assert len(dag["doc"]) > 80, name
        for task in dag["tasks"]:
            assert task["owner"] == "recolake"
            assert task["retries"] >= 2
            assert task["delay"] <= 60
            assert task["limit"] > 0


def test_the_folder_does_not_shadow_the_package_airflow() -> None:
    assert not list((PROJECT_ROOT / "airflow").rglob("__init__.py"))
