"""
### Retain people

Every night: erases people whose last event is more than `RECOLAKE_RETENTION_DAYS` days ago, all of a
tenant's in one erasure. Nobody is erased where that setting is not set: old data that somebody imports must
not vanish overnight.

The clock can be moved: the run's configuration may say `{"as_of": "2026-03-01T00:00:00Z"}`. Running it again
changes nothing. How-to: `docs/howto/privacy.md`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, get_current_context, task

from recolake.orchestration.dag_kit import DAG_DEFAULTS


@dag(
    dag_id="retain_people",
    schedule=CronTriggerTimetable("11 2 * * *", timezone="UTC"),
    tags=["impact/tier_2", "privacy"],
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def retain_people_dag() -> None:
    @task(task_id="retain_people")
    def retain_people() -> Any:
        from recolake.privacy.retention import retain
        from recolake.settings import load_settings
        from recolake.tenancy.directory import known_tenants

        settings = load_settings()
        if settings.retention_days is None:
            return {}
        said = (get_current_context()["dag_run"].conf or {}).get("as_of")
        as_of = datetime.fromisoformat(said) if said else None
        done = {
            tenant.name: retain(settings, tenant, as_of, progress=print) for tenant in known_tenants(settings)
        }
        return {name: made.statement.certificate_id for name, made in done.items() if made is not None}

    retain_people()


retain_people_dag()
