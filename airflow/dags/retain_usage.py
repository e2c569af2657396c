"""
### Retain usage

Every night: sums up by day what was called more than 90 days ago, in the place of the single calls, and
forgets sums of more than two years ago. Usage by day and invoices stay what they were.

The clock can be moved: the run's configuration may say `{"as_of": "2027-03-01T00:00:00Z"}`. Running it again
changes nothing. How-to: `docs/howto/usage-and-invoices.md`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, get_current_context, task

from recolake.orchestration.dag_kit import DAG_DEFAULTS


@dag(
    dag_id="retain_usage",
    schedule=CronTriggerTimetable("19 5 * * *", timezone="UTC"),
    tags=["impact/tier_3", "usage"],
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def retain_usage_dag() -> None:
    @task(task_id="retain_usage")
    def retain_usage() -> Any:
        from dataclasses import asdict

        from control_plane.usage.retention import retain_usage as retain
        from recolake.settings import load_settings

        said = (get_current_context()["dag_run"].conf or {}).get("as_of")
        return asdict(retain(load_settings(), datetime.fromisoformat(said) if said else None))

    retain_usage()


retain_usage_dag()
