"""The dbt project and the table registry speak of the same tables."""

from __future__ import annotations

from typing import Any

import pytest

from recolake.lake.tables import DBT_TABLES, DBT_WHOLE_TABLES, EVENT_WEIGHTS, TABLE_PROPERTIES, Table
from recolake.settings import Settings
from recolake.transform.run_dbt import DBT_PROJECT

BUILT = (*DBT_TABLES, *DBT_WHOLE_TABLES)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def manifest(lake: Settings) -> Any:
    """The project as dbt parses it; no engine is asked."""
    from dbt.cli.main import dbtRunner

    project, folder = str(DBT_PROJECT), str(lake.home / "dbt")
    places = [
        "--project-dir",
        project,
        "--profiles-dir",
        project,
        "--target-path",
        folder,
        "--log-path",
        folder,
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECOLAKE_LAKE_ROOT", lake.lake_root)
        result = dbtRunner().invoke(["--quiet", "parse", *places])
    assert result.success, result.exception
    return result.result


def incremental_models(manifest: Any) -> dict[str, Any]:
    nodes = (n for n in manifest.nodes.values() if n.resource_type == "model")
    return {f"{n.schema}.{n.alias}": n for n in nodes if n.config.materialized == "incremental"}


def test_the_models_are_the_tables_of_the_registry(manifest: Any) -> None:
    assert set(incremental_models(manifest)) == {table.qualified for table in BUILT}


@pytest.mark.parametrize("table", BUILT, ids=lambda table: table.qualified)
def test_a_model_makes_the_table_that_the_registry_describes(
    manifest: Any, lake: Settings, table: Table
) -> None:
    config = incremental_models(manifest)[table.qualified].config
    assert f"{config['location_root']}/{table.name}" == table.location(lake)
    assert config["tblproperties"] == TABLE_PROPERTIES
    assert config.get("deletion_vectors", False) is table.deletion_vectors
    assert tuple(config["clustered_by"]) == table.cluster_by
    assert config["file_format"] == "delta"


@pytest.mark.parametrize("table", BUILT, ids=lambda table: table.qualified)
def test_a_model_has_a_contract_a_key_and_words_for_every_column(manifest: Any, table: Table) -> None:
    model = incremental_models(manifest)[table.qualified]
    assert model.contract.enforced
    assert model.description
    assert model.config.meta["owner"]
    required = {name for name, c in model.columns.items() if any(k.type == "not_null" for k in c.constraints)}
    assert {*model.config["unique_key"], "tenant_id", "ingested_at"} <= required
    assert all(column.description and column.data_type for column in model.columns.values())


def test_the_seed_is_the_table_of_the_registry(manifest: Any, lake: Settings) -> None:
    seed = next(n for n in manifest.nodes.values() if n.resource_type == "seed")
    assert f"{seed.schema}.{seed.alias}" == EVENT_WEIGHTS.qualified
    assert f"{seed.config['location_root']}/{seed.alias}" == EVENT_WEIGHTS.location(lake)


def test_only_staging_reads_sources(manifest: Any) -> None:
    readers = {
        n.name
        for n in manifest.nodes.values()
        if n.resource_type == "model" and any(d.startswith("source.") for d in n.depends_on.nodes)
    }
    sources = ("events", "items", "users", "recommendations")
    assert readers == {f"stg_bronze__{name}" for name in sources}


def test_every_table_has_a_test_of_its_key(manifest: Any) -> None:
    keyed = {n.attached_node for n in manifest.nodes.values() if n.name.startswith("unique_key")}
    assert keyed == {model.unique_id for model in incremental_models(manifest).values()}


def test_whoever_reads_the_tables_is_declared(manifest: Any) -> None:
    names = {exposure.name for exposure in manifest.exposures.values()}
    assert names == {
        "recommendation_api",
        "feature_store",
        "model_training",
        "experiment_guardrails",
        "analyst_notebook",
    }


def test_every_source_has_words_and_an_owner(manifest: Any) -> None:
    for source in manifest.sources.values():
        assert source.description
        assert source.config.meta.get("owner") or source.source_meta.get("owner") or source.meta.get("owner")
