"""
### Maintain the lake

Every night: clusters and compacts each Delta table, and removes files that no table version needs which
somebody may still ask for: a week's readers, and the training data of the newest, the served and the tested
models. Builds wait for the table at hand and it waits for them; readers are not disturbed.

Running it again changes nothing. How-to: `docs/howto/maintain-the-lake.md`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from recolake.orchestration.dag_kit import DAG_DEFAULTS, as_json


@dag(
    dag_id="maintain_lake",
    schedule=CronTriggerTimetable("41 3 * * *", timezone="UTC"),
    tags=["impact/tier_3", "lake"],
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def maintain_lake_dag() -> None:
    @task(task_id="maintain_lake")
    def maintain_lake() -> Any:
        from recolake.settings import load_settings
        from spark_jobs.maintenance.run import maintain

        return as_json(maintain(load_settings(), progress=print))

    maintain_lake()


maintain_lake_dag()
