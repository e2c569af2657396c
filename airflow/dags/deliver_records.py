"""
### Deliver records

Brings what the API acknowledged (events, items, people) from its spool into the landing zone and on into
bronze, every few seconds, so that an event is there within half a minute; where there is a Kafka, its
messages too. One run goes on for ten minutes; the next follows at once.

It starts no build: the hourly sweep of `ingest` hands on what silver does not know.
Running it again changes nothing. Runbook: `docs/runbooks/airflow.md`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task

from recolake.orchestration.dag_kit import DAG_DEFAULTS, as_json

ROUND_SECONDS = 600


@dag(
    dag_id="deliver_records",
    schedule="@continuous",
    tags=["impact/tier_2", "bronze"],
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def deliver_records_dag() -> None:
    @task(task_id="deliver_records")
    def deliver() -> Any:
        from recolake.settings import load_settings
        from spark_jobs.deliver import Courier

        return as_json(Courier(load_settings(), print).follow(ROUND_SECONDS))

    deliver()


deliver_records_dag()
