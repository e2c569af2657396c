"""
### Publish

Verifies the index artefact of the newest model that passed its gate, brings its vectors to the lake and to
Redis, and switches the recommendation API to it without a failed request. A bad artefact is refused; the
model in service stays.

Running it again changes nothing. Runbook: `docs/runbooks/airflow.md`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task

from recolake.orchestration.dag_kit import ASSETS, DAG_DEFAULTS, run_for_tenants


@dag(
    dag_id="publish",
    schedule=[ASSETS["candidate"]],
    tags=["impact/tier_2", "models"],
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def publish_dag() -> None:
    @task(task_id="publish", outlets=[ASSETS["champion"]])
    def publish() -> dict[str, Any]:
        from recolake.settings import load_settings
        from recolake.tenancy.context import Tenant
        from training.publish import publish as publish_model

        settings = load_settings()
        return run_for_tenants(
            "champion", lambda tenant: publish_model(settings, Tenant(tenant), progress=print)
        )

    publish()


publish_dag()
