"""
### Build

dbt builds silver and gold from what is new in bronze: only the touched days, users and items are worked on.

Running it again changes nothing. Runbook: `docs/runbooks/airflow.md`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task

from recolake.orchestration.dag_kit import ASSETS, DAG_DEFAULTS, run_for_tenants


@dag(
    dag_id="build",
    schedule=[ASSETS["bronze"]],
    tags=["impact/tier_1", "silver", "gold"],
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def build_dag() -> None:
    @task(task_id="build", outlets=[ASSETS["gold"]])
    def build() -> dict[str, Any]:
        from recolake.settings import load_settings
        from recolake.tenancy.context import Tenant
        from recolake.transform.build import build as build_tables

        settings = load_settings()
        return run_for_tenants("gold", lambda tenant: build_tables(settings, Tenant(tenant), progress=print))

    build()


build_dag()
