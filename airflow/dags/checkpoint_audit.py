"""
### Checkpoint audit

Every hour: verifies the audit log of each tenant from its first entry on, and signs what is new in it. The
signed checkpoints lie outside of PostgreSQL, so that neither a cut tail nor a log that was written anew goes
unseen. A log that is not as it was written fails the run, which names the first bad entry; the logs of the
others are signed all the same.

Running it again changes nothing. How-to: `docs/howto/verify-the-audit-log.md`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from recolake.orchestration.dag_kit import DAG_DEFAULTS


@dag(
    dag_id="checkpoint_audit",
    schedule=CronTriggerTimetable("37 * * * *", timezone="UTC"),
    tags=["impact/tier_2", "audit"],
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def checkpoint_audit_dag() -> None:
    @task(task_id="checkpoint_audit")
    def checkpoint_audit() -> Any:
        from control_plane.audit.tend import checkpoint_all
        from recolake.settings import load_settings

        return checkpoint_all(load_settings())

    checkpoint_audit()


checkpoint_audit_dag()
