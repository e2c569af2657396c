"""Run events after the OpenLineage specification 2-0-2, made with its own Python client's classes.

The client takes about half a second of processor time to import, so it is imported by the first event, never
by a command that emits none.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from recolake.lineage.names import Node, namespace
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from openlineage.client.event_v2 import InputDataset, OutputDataset

PRODUCER = f"urn:recolake:{version('recolake')}"
_AIRFLOW = "AIRFLOW_CTX_"
_LONGEST_MESSAGE = 500


class State(StrEnum):
    """Of a run, in the words of the specification."""

    START = "START"
    COMPLETE = "COMPLETE"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Parent:
    """The run that another run is a part of."""

    run_id: str
    job: str


@dataclass(frozen=True, slots=True)
class DataState:
    """One input or output of a run.

    `rows` counts rows written; `fields` are its columns as (name, type, description); `location` is where
    it lies, by which other tools call it.
    """

    node: Node
    rows: int | None = None
    fields: Sequence[tuple[str, str, str]] = ()
    location: str = ""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of one run; `job` is its name in the tenant's namespace."""

    tenant: Tenant
    job: str
    run_id: str
    inputs: Sequence[DataState] = ()
    outputs: Sequence[DataState] = ()
    parent: Parent | None = None
    integration: str = "PYTHON"


def airflow_parent(tenant: Tenant, environment: Mapping[str, str] | None = None) -> Parent | None:
    """The Airflow task that this process works for, a run for each tenant; None outside of Airflow.

    Airflow names task, run and try in the environment (`AIRFLOW_CTX_*`); the run id is a UUID of these.
    """
    given = os.environ if environment is None else environment
    names = [given.get(_AIRFLOW + name, "") for name in ("DAG_ID", "TASK_ID", "DAG_RUN_ID", "TRY_NUMBER")]
    dag, task, run, _ = names
    if not (dag and task and run):
        return None
    identity = "\n".join([tenant.name, *names])
    return Parent(str(uuid.uuid5(uuid.NAMESPACE_URL, identity)), f"airflow.{dag}.{task}")


def run_event(run: RunFacts, state: State, at: datetime, error: BaseException | None = None) -> str:
    """One event as JSON on one line."""
    from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
    from openlineage.client.facet_v2 import job_type_job
    from openlineage.client.serde import Serde

    kind = job_type_job.JobTypeJobFacet(
        processingType="BATCH", integration=run.integration, jobType="JOB", producer=PRODUCER
    )
    event = RunEvent(
        eventTime=at.isoformat(),
        producer=PRODUCER,
        eventType=RunState(state.value),
        run=Run(runId=run.run_id, facets=_run_facets(run, error)),
        job=Job(namespace=namespace(run.tenant), name=run.job, facets={"jobType": kind}),
        inputs=[_input(run.tenant, dataset) for dataset in run.inputs],
        outputs=[_output(run.tenant, dataset) for dataset in run.outputs],
    )
    return str(Serde.to_json(event))


def _run_facets(run: RunFacts, error: BaseException | None) -> dict[str, Any]:
    from openlineage.client.facet_v2 import error_message_run, parent_run

    facets: dict[str, Any] = {}
    if run.parent is not None:
        facets["parent"] = parent_run.ParentRunFacet(
            run=parent_run.Run(runId=run.parent.run_id),
            job=parent_run.Job(namespace=namespace(run.tenant), name=run.parent.job),
            producer=PRODUCER,
        )
    if error is not None:
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
            message=_said(error), programmingLanguage="PYTHON", producer=PRODUCER
        )
    return facets


def _said(error: BaseException) -> str:
    """Our own words for it; of another's error the kind alone: its text may hold what people wrote."""
    from recolake.errors import RecolakeError

    if isinstance(error, RecolakeError):
        return f"{error.code}: {error.message}"[:_LONGEST_MESSAGE]
    return type(error).__name__


def _input(tenant: Tenant, dataset: DataState) -> InputDataset:
    from openlineage.client.event_v2 import InputDataset

    return InputDataset(namespace=namespace(tenant), name=dataset.node.name, facets=_facets(dataset))


def _output(tenant: Tenant, dataset: DataState) -> OutputDataset:
    from openlineage.client.event_v2 import OutputDataset
    from openlineage.client.facet_v2 import output_statistics_output_dataset as statistics

    counted: dict[str, Any] = {}
    if dataset.rows is not None:
        counted["outputStatistics"] = statistics.OutputStatisticsOutputDatasetFacet(
            rowCount=dataset.rows, producer=PRODUCER
        )
    return OutputDataset(
        namespace=namespace(tenant), name=dataset.node.name, facets=_facets(dataset), outputFacets=counted
    )


def _facets(dataset: DataState) -> dict[str, Any]:
    from openlineage.client.facet_v2 import dataset_version_dataset, schema_dataset, symlinks_dataset

    facets: dict[str, Any] = {}
    if dataset.node.version:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(
            datasetVersion=dataset.node.version, producer=PRODUCER
        )
    if dataset.fields:
        columns = [
            schema_dataset.SchemaDatasetFacetFields(name=name, type=kind, description=said)
            for name, kind, said in dataset.fields
        ]
        facets["schema"] = schema_dataset.SchemaDatasetFacet(fields=columns, producer=PRODUCER)
    if dataset.location:
        there = symlinks_dataset.Identifier(namespace="file", name=dataset.location, type="TABLE")
        facets["symlinks"] = symlinks_dataset.SymlinksDatasetFacet(identifiers=[there], producer=PRODUCER)
    return facets
