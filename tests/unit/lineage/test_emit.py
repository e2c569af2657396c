"""Steps tell what became of them, and nothing that happens to the telling happens to the step."""

from __future__ import annotations

import pytest

from recolake.errors import NotFoundError
from recolake.lineage.emit import lineage_run, task_lineage
from recolake.lineage.events import DataState
from recolake.lineage.names import table
from recolake.lineage.store import event_folder, read_events
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")


def test_a_run_begins_and_completes_with_what_it_wrote(own: Settings) -> None:
    with lineage_run(own, SHOP, "train", DataState(table("gold.training_set", 1))) as run:
        run.wrote(DataState(table("silver.events", 2)))
    start, end = read_events(own, SHOP)
    assert [start["eventType"], end["eventType"]] == ["START", "COMPLETE"]
    assert start["run"]["runId"] == end["run"]["runId"]
    assert ([d["name"] for d in start["inputs"]], start["outputs"]) == (["gold.training_set"], [])
    assert [d["name"] for d in end["outputs"]] == ["silver.events"]


def test_a_run_that_fails_says_so_claims_no_output_and_its_error_goes_on(own: Settings) -> None:
    def fail() -> None:
        with lineage_run(own, SHOP, "train") as run:
            run.wrote(DataState(table("silver.events", 2)))
            raise NotFoundError("There is no table.")

    with pytest.raises(NotFoundError):
        fail()
    end = list(read_events(own, SHOP))[-1]
    assert (end["eventType"], end["outputs"]) == ("FAIL", [])
    assert end["run"]["facets"]["errorMessage"]["message"] == "not_found: There is no table."


def test_a_step_does_its_work_where_no_event_can_be_written(own: Settings) -> None:
    folder = event_folder(own, SHOP)
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where the folder should be")
    done = []
    with lineage_run(own, SHOP, "train"):
        done.append(1)
    assert done == [1]
    assert folder.is_file()


def test_what_an_airflow_task_does_is_a_part_of_its_run(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"DAG_ID": "train", "TASK_ID": "train", "DAG_RUN_ID": "r1", "TRY_NUMBER": "1"}.items():
        monkeypatch.setenv(f"AIRFLOW_CTX_{name}", value)
    monkeypatch.setattr("recolake.lineage.emit.load_settings", lambda: own)
    with task_lineage(SHOP.name), lineage_run(own, SHOP, "train"):
        pass
    events = list(read_events(own, SHOP))
    jobs = [(event["job"]["name"], event["eventType"]) for event in events]
    assert jobs == [
        ("airflow.train.train", "START"),
        ("train", "START"),
        ("train", "COMPLETE"),
        ("airflow.train.train", "COMPLETE"),
    ]
    assert "parent" not in events[0]["run"].get("facets", {})
    assert events[1]["run"]["facets"]["parent"]["run"]["runId"] == events[0]["run"]["runId"]
