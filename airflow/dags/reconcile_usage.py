"""
### Reconcile usage

Compares yesterday's usage in PostgreSQL, in `bronze.recommendations` and in the request log of the API, call
by call, and fails where they differ; its log names the calls.

Running it again changes nothing. Runbook: `docs/howto/usage-and-invoices.md`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from recolake.orchestration.dag_kit import DAG_DEFAULTS


@dag(
    dag_id="reconcile_usage",
    schedule=CronTriggerTimetable("37 4 * * *", timezone="UTC"),
    tags=["impact/tier_2", "usage"],
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def reconcile_usage_dag() -> None:
    @task(task_id="reconcile_usage")
    def reconcile() -> Any:
        from datetime import UTC, datetime, timedelta

        from control_plane.usage.reconcile import UsageDiffersError, reconcile_usage
        from recolake.settings import load_settings

        report = reconcile_usage(load_settings(), (datetime.now(UTC) - timedelta(days=1)).date())
        if report.differs:
            raise UsageDiffersError(report)
        return list(report.lines())

    reconcile()


reconcile_usage_dag()
