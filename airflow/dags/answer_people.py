"""
### Answer people

Every five minutes: carries out what people asked for over the API (erasures and exports), and completes
what a killed run left. Where nothing is asked, nothing is read. An erasure waits for ingests, builds and
the tenant's training, and they wait for it.

Running it again changes nothing. How-to: `docs/howto/privacy.md`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from recolake.orchestration.dag_kit import DAG_DEFAULTS


@dag(
    dag_id="answer_people",
    schedule=CronTriggerTimetable("*/5 * * * *", timezone="UTC"),
    tags=["impact/tier_1", "privacy"],
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def answer_people_dag() -> None:
    @task(task_id="answer_people")
    def answer_people() -> Any:
        from recolake.privacy.work import resume_all
        from recolake.settings import load_settings
        from recolake.tenancy.directory import known_tenants

        settings = load_settings()
        return resume_all(settings, known_tenants(settings), progress=print)

    answer_people()


answer_people_dag()
