"""
### Meter usage

Brings what the APIs' journal bills into PostgreSQL, each billable call once, notes which quotas were reached,
and tells the data plane what is used of them.

Running it again changes nothing. Runbook: `docs/howto/usage-and-invoices.md`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from recolake.orchestration.dag_kit import DAG_DEFAULTS, as_json


@dag(
    dag_id="meter_usage",
    schedule=CronTriggerTimetable("*/5 * * * *", timezone="UTC"),
    tags=["impact/tier_2", "usage"],
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def meter_usage_dag() -> None:
    @task(task_id="meter_usage")
    def meter() -> Any:
        from control_plane.usage.ship import meter_usage
        from recolake.settings import load_settings

        return as_json(meter_usage(load_settings()))

    meter()


meter_usage_dag()
