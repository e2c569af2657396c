"""
### Materialize

Feast copies the newest features from gold to Redis, where the recommendation API reads them. Popularity and
histories are fresh from here on; training follows on its own time.

Running it again changes nothing. Runbook: `docs/runbooks/airflow.md`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task

from recolake.orchestration.dag_kit import ASSETS, DAG_DEFAULTS, run_for_tenants


@dag(
    dag_id="materialize",
    schedule=[ASSETS["gold"]],
    tags=["impact/tier_1", "features"],
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def materialize_dag() -> None:
    @task(task_id="materialize", outlets=[ASSETS["features"]])
    def materialize() -> dict[str, Any]:
        from feature_repo.materialize import materialize as materialize_features
        from recolake.settings import load_settings
        from recolake.tenancy.context import Tenant

        settings = load_settings()
        return run_for_tenants(
            "features", lambda tenant: materialize_features(settings, Tenant(tenant), progress=print)
        )

    materialize()


materialize_dag()
