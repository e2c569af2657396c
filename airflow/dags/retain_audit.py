"""
### Retain audit

Every night: removes entries of audit logs that were recorded more than a year ago, behind a signed checkpoint
by which what is left still verifies, and events of webhooks that are more than 30 days old.

The clock can be moved: the run's configuration may say `{"as_of": "2027-03-01T00:00:00Z"}`. Running it again
changes nothing. How-to: `docs/howto/verify-the-audit-log.md`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, get_current_context, task

from recolake.orchestration.dag_kit import DAG_DEFAULTS


@dag(
    dag_id="retain_audit",
    schedule=CronTriggerTimetable("51 2 * * *", timezone="UTC"),
    tags=["impact/tier_3", "audit"],
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def retain_audit_dag() -> None:
    @task(task_id="retain_audit")
    def retain_audit() -> Any:
        from control_plane.audit.tend import retain_all
        from recolake.settings import load_settings

        said = (get_current_context()["dag_run"].conf or {}).get("as_of")
        return retain_all(load_settings(), as_of=datetime.fromisoformat(said) if said else None)

    retain_audit()


retain_audit_dag()
