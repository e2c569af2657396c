"""Every event is one of OpenLineage 2-0-2, whoever reads it."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

import pytest

from recolake.errors import InvalidInputError
from recolake.lineage.events import DataState, Parent, RunFacts, State, airflow_parent, run_event
from recolake.lineage.names import table
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")
AT = datetime(2026, 5, 1, 12, tzinfo=UTC)

AIRFLOW = {
    "AIRFLOW_CTX_DAG_ID": "ingest",
    "AIRFLOW_CTX_TASK_ID": "ingest",
    "AIRFLOW_CTX_DAG_RUN_ID": "asset_triggered__2026",
    "AIRFLOW_CTX_TRY_NUMBER": "1",
}
RUN = RunFacts(
    SHOP,
    "build.silver_events",
    str(uuid.uuid4()),
    [DataState(table("bronze.events", 7))],
    [DataState(table("silver.events", 3), 12, [("event_id", "string", "Identity")], "/lake/silver/events")],
    Parent(str(uuid.uuid4()), "build"),
    "DBT",
)


def test_an_event_has_every_field_that_the_specification_requires() -> None:
    event = json.loads(run_event(RUN, State.COMPLETE, AT))
    assert event["schemaURL"].startswith("https://openlineage.io/spec/2-0-2/OpenLineage.json#")
    assert event["eventType"] == "COMPLETE"
    assert datetime.fromisoformat(event["eventTime"]) == AT
    assert uuid.UUID(event["run"]["runId"])
    assert event["job"]["namespace"] == "recolake://shop"
    assert event["job"]["facets"]["jobType"]["integration"] == "DBT"
    parent = event["run"]["facets"]["parent"]
    assert (parent["job"]["name"], parent["run"]["runId"]) == ("build", RUN.parent.run_id)
    (read,), (wrote,) = event["inputs"], event["outputs"]
    assert (read["name"], read["facets"]["version"]["datasetVersion"]) == ("bronze.events", "7")
    assert wrote["facets"]["schema"]["fields"][0]["name"] == "event_id"
    assert wrote["facets"]["symlinks"]["identifiers"][0]["name"] == "/lake/silver/events"
    assert wrote["outputFacets"]["outputStatistics"]["rowCount"] == 12
    facets = [*event["run"]["facets"].values(), *event["job"]["facets"].values(), *wrote["facets"].values()]
    assert all(facet["_producer"] and facet["_schemaURL"].startswith("https://") for facet in facets)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            InvalidInputError("There is nothing to learn from."),
            "invalid_input: There is nothing to learn from.",
        ),
        (ValueError("ann@example.org is no number"), "ValueError"),
    ],
)
def test_a_failure_is_told_without_words_that_are_not_ours(error: Exception, said: str) -> None:
    event = json.loads(run_event(RUN, State.FAIL, AT, error))
    assert event["run"]["facets"]["errorMessage"]["message"] == said
    assert "\n" not in run_event(RUN, State.FAIL, AT, error)


def test_a_step_that_airflow_runs_has_its_task_as_parent_one_for_each_tenant_and_try() -> None:
    first = airflow_parent(SHOP, AIRFLOW)
    assert first is not None
    assert (first.job, airflow_parent(SHOP, AIRFLOW)) == ("airflow.ingest.ingest", first)
    others = [
        airflow_parent(Tenant("rival"), AIRFLOW),
        airflow_parent(SHOP, AIRFLOW | {"AIRFLOW_CTX_TRY_NUMBER": "2"}),
    ]
    assert len({first.run_id, *(other.run_id for other in others if other)}) == 3
    assert airflow_parent(SHOP, {}) is None
