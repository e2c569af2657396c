"""
### Ingest

Reads every landed upload that is not in bronze yet, and appends its rows to `bronze.events`, or with all
reasons to `bronze.quarantine`. Started by each landing; a sweep (hourly, unless `RECOLAKE_SWEEP_SCHEDULE`
says otherwise) picks up what a lost event left, and hands on rows that are in bronze and not in silver.

Running it again changes nothing. Runbook: `docs/runbooks/airflow.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag, task

from recolake.orchestration.dag_kit import ASSETS, DAG_DEFAULTS, run_for_tenants
from recolake.settings import load_settings

if TYPE_CHECKING:
    from spark_jobs.report import IngestReport


def _news(reports: list[IngestReport], announced: bool) -> bool:
    """Whether there are new rows that count. If an announced upload is ingested already, somebody else's run
    was quicker (the sweep, or a person), and nobody may have handed on."""
    return any(report.accepted and not report.held for report in reports) or (announced and not reports)


@dag(
    dag_id="ingest",
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable(load_settings().sweep_schedule, timezone="UTC"),
        assets=[ASSETS["landing"]],
    ),
    tags=["impact/tier_1", "bronze"],
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def ingest_dag() -> None:
    @task(task_id="ingest", outlets=[ASSETS["bronze"]])
    def ingest() -> dict[str, Any]:
        from recolake.lake.engine import connect
        from recolake.orchestration.backlog import build_is_due
        from recolake.tenancy.context import Tenant
        from spark_jobs.ingest import ingest_pending

        settings = load_settings()
        return run_for_tenants(
            "bronze",
            lambda tenant: ingest_pending(settings, Tenant(tenant), progress=print),
            changed=_news,
            due=lambda tenant: build_is_due(connect(settings), settings, Tenant(tenant)),
        )

    ingest()


ingest_dag()
