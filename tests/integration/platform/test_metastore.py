"""Spark's metastore is a cache: lost or broken, it is rebuilt from the Delta tables in the lake."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from deltalake import write_deltalake

from recolake.lake import tables
from recolake.lake.engine import connect
from recolake.platform import control
from recolake.settings import Settings


def test_a_broken_metastore_is_set_aside_and_every_table_of_the_lake_is_back(own: Settings) -> None:
    write_deltalake(tables.BRONZE_INGESTS.location(own), pa.table({"tenant_id": ["acme"], "rows_in": [42]}))
    metastore = own.home / "spark" / "metastore"
    metastore.mkdir(parents=True)
    (metastore / "service.properties").write_text("no metastore at all")

    control.up(own, ["spark"])
    assert _rows(own) == [42]
    assert list(metastore.parent.glob("metastore-broken-*"))


def test_the_engine_listens_on_loopback_alone_and_every_table_is_known(
    platform: Settings, listening: Callable[[Settings], dict[str, set[str]]]
) -> None:
    spark = connect(platform)
    known = {
        f"{layer}.{row.tableName}"
        for layer in tables.Layer
        for row in spark.sql(f"SHOW TABLES IN {layer}").collect()
    }
    assert {table.qualified for table in tables.PYTHON_TABLES} <= known
    assert listening(platform)["spark"] == {"127.0.0.1"}


def test_python_workers_of_the_engine_import_the_project(platform: Settings) -> None:
    from pyspark.sql.functions import udf

    @udf("string")
    def layer_of_the_table_registry(_: object) -> str:
        from recolake.lake.tables import Layer

        return Layer.BRONZE.value

    frame = connect(platform).range(1)
    assert frame.select(layer_of_the_table_registry("id")).collect()[0][0] == "bronze"


def _rows(settings: Settings) -> list[int]:
    spark = connect(settings)
    try:
        return [row.rows_in for row in spark.table(tables.BRONZE_INGESTS.qualified).collect()]
    finally:
        spark.stop()
