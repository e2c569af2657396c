"""
### Ship usage

Moves what the recommendation API wrote to its local journal into `bronze.recommendations`, each record once.

Running it again changes nothing. Runbook: `docs/runbooks/airflow.md`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from recolake.orchestration.dag_kit import DAG_DEFAULTS, as_json


@dag(
    dag_id="ship_usage",
    schedule=CronTriggerTimetable("*/10 * * * *", timezone="UTC"),
    tags=["impact/tier_3", "usage"],
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def ship_usage_dag() -> None:
    @task(task_id="ship_usage")
    def ship() -> Any:
        from recolake.settings import load_settings
        from spark_jobs.usage import ship_usage

        return as_json(ship_usage(load_settings()))

    ship()


ship_usage_dag()
