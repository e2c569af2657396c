"""
### Build

dbt builds silver and gold from what is new in bronze: only the touched days, users and items are worked on.
Where the weights of event types are new, everybody's tables are recomputed and everybody is handed on.

Running it again changes nothing. Runbook: `docs/runbooks/airflow.md`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task

from recolake.orchestration.chain import extra_for
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
        from recolake.orchestration.airflow import announce
        from recolake.settings import load_settings
        from recolake.tenancy.context import Tenant
        from recolake.transform.build import build as build_tables

        settings = load_settings()

        def build_one(name: str) -> Any:
            report = build_tables(settings, Tenant(name), progress=print)
            if others := set(report.tenants) - {name}:
                # New weights change everybody's rows. A later attempt would not know: they are handed on now.
                announce(settings, "gold", extra_for(others))
            return report

        return run_for_tenants("gold", build_one)

    build()


build_dag()
