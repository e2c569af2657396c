"""
### Guard experiments

Once an hour: brings the newest usage and events of tenants with a running experiment into
`gold.experiment_outcomes`, and stops an experiment whose challenger does harm (errors, latency, clicks,
revenue). The test stays valid however often it is asked. Where no experiment runs, nothing is read.

Running it again changes nothing. How-to: `docs/howto/run-an-experiment.md`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from recolake.orchestration.dag_kit import DAG_DEFAULTS, as_json


@dag(
    dag_id="guard_experiments",
    schedule=CronTriggerTimetable("23 * * * *", timezone="UTC"),
    tags=["impact/tier_2", "experiments"],
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def guard_experiments_dag() -> None:
    @task(task_id="guard_experiments")
    def guard() -> Any:
        from recolake.experiments.watch import guard_all
        from recolake.settings import load_settings
        from spark_jobs.usage import ship_usage

        settings = load_settings()
        return as_json(guard_all(settings, lambda: ship_usage(settings), print))

    guard()


guard_experiments_dag()
