"""
### Train

Trains a model at a pinned version of the training set, measures it beside the baselines, builds its index
artefact, and registers it in MLflow with the gate's verdict. Only a model that passed is handed on.

A run by hand may choose the configuration anew: `{"tenants": ["shop"], "retune": true, "budget": 300}` as its
configuration gives the search 300 seconds, the whole training included.

Running it again from the same versions gives the same result. Runbook: `docs/runbooks/airflow.md`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import dag, get_current_context, task

from recolake.orchestration.dag_kit import ASSETS, DAG_DEFAULTS, run_for_tenants


@dag(
    dag_id="train",
    schedule=[ASSETS["features"]],
    tags=["impact/tier_2", "models"],
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def train_dag() -> None:
    @task(task_id="train", outlets=[ASSETS["candidate"]], execution_timeout=timedelta(hours=4))
    def train() -> dict[str, Any]:
        from recolake.settings import load_settings
        from recolake.tenancy.context import Tenant
        from training.pipeline import train_within_plan

        settings, asked = load_settings(), get_current_context()["dag_run"].conf or {}
        retune, budget = bool(asked.get("retune")), asked.get("budget")
        return run_for_tenants(
            "candidate",
            lambda tenant: train_within_plan(
                settings,
                Tenant(tenant),
                retune=retune,
                budget=float(budget) if budget else None,
                progress=print,
            ),
            changed=lambda report, announced: report.gate_passed,
        )

    train()


train_dag()
