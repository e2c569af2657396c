"""Which tables a model is built from is what dbt says, views looked through."""

from __future__ import annotations

from typing import Any

from recolake.transform.lineage import Model, models_of


def node(name: str, schema: str, materialized: str, *above: str) -> dict[str, Any]:
    return {
        "name": f"{schema}_{name}",
        "resource_type": "model",
        "schema": schema,
        "alias": name,
        "config": {"materialized": materialized},
        "depends_on": {"nodes": list(above)},
        "columns": {"item_id": {"name": "item_id", "data_type": "string", "description": "Item"}},
    }


def test_a_table_is_built_from_tables_and_never_from_itself() -> None:
    nodes = {
        "model.staged": node("staged", "staging", "view", "source.events"),
        "model.weighted": node("weighted", "staging", "ephemeral", "model.events", "seed.weights"),
        "model.events": node("events", "silver", "incremental", "model.staged"),
        "model.days": node("item_days", "gold", "incremental", "model.weighted", "model.events"),
        "seed.weights": {"resource_type": "seed", "schema": "reference", "alias": "weights", "config": {}},
        "test.unique": {"resource_type": "test", "depends_on": {"nodes": ["model.events"]}, "config": {}},
    }
    sources = {"source.events": {"schema": "bronze", "identifier": "events"}}
    columns = (("item_id", "string", "Item"),)
    assert models_of({"nodes": nodes, "sources": sources}) == {
        "silver_events": Model("silver.events", ("bronze.events",), columns),
        "gold_item_days": Model("gold.item_days", ("reference.weights", "silver.events"), columns),
    }
