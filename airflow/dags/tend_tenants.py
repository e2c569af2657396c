"""
### Tend tenants

Every five minutes: goes on with tenants whose beginning is not complete, and erases, step by step, the data
of those whose grace after closing is over. A step that fails is tried again by a later run, after a pause
that grows; `recolake tenant status` says why it failed. Erasing waits for ingests, builds and the tenant's
training, and they wait for it.

Running it again changes nothing. How-to: `docs/howto/manage-tenants.md`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from recolake.orchestration.dag_kit import DAG_DEFAULTS


@dag(
    dag_id="tend_tenants",
    schedule=CronTriggerTimetable("2-59/5 * * * *", timezone="UTC"),
    tags=["impact/tier_2", "tenants"],
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def tend_tenants_dag() -> None:
    @task(task_id="tend_tenants")
    def tend_tenants() -> Any:
        from control_plane.lifecycle.advance import resume_all
        from recolake.settings import load_settings

        return resume_all(load_settings(), say=print)

    tend_tenants()


tend_tenants_dag()
