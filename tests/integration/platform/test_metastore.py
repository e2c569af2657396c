"""The engine is reached from this machine alone, and knows every table and the project's code."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recolake.lake import tables
from recolake.lake.engine import connect
from recolake.settings import Settings


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


def test_delta_asks_every_row_what_the_registry_demands(platform: Settings) -> None:
    from pyspark.errors import PySparkException

    spark = connect(platform)
    for table in tables.PYTHON_TABLES:
        if table.constraints:
            properties = {row["key"] for row in spark.sql(f"SHOW TBLPROPERTIES {table.qualified}").collect()}
            assert {f"delta.constraints.{name}" for name, _ in table.constraints} <= properties
    with pytest.raises(PySparkException, match="known_state"):
        spark.sql(
            f"INSERT INTO {tables.BRONZE_DECISIONS.qualified} BY NAME "
            "SELECT 'nobody' AS tenant_id, 'u' AS upload_id, 'lost' AS state, 'x' AS decided_by, "
            "now() AS decided_at, 'y' AS reason, now() AS ingested_at"
        )


def test_python_workers_of_the_engine_import_the_project(platform: Settings) -> None:
    from pyspark.sql.functions import udf

    @udf("string")
    def layer_of_the_table_registry(_: object) -> str:
        from recolake.lake.tables import Layer

        return Layer.BRONZE.value

    frame = connect(platform).range(1)
    assert frame.select(layer_of_the_table_registry("id")).collect()[0][0] == "bronze"
