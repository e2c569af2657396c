"""The data set of one tenant from the lake, at the Delta versions of now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recolake.errors import InvalidInputError, NotFoundError
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_INGESTS, GOLD_ITEM_DAYS, GOLD_TRAINING_SET, SILVER_ITEMS, Table
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from training.datasets.dataset import Dataset, ItemDays
from training.datasets.interactions import Interactions

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

INPUTS = (GOLD_TRAINING_SET, GOLD_ITEM_DAYS, SILVER_ITEMS, BRONZE_INGESTS)


def input_versions(spark: SparkSession, settings: Settings) -> dict[str, int]:
    """Latest Delta version of each table that training reads, by qualified name.

    Raises:
        NotFoundError: a table was never built.
    """
    return {table.qualified: _latest(spark, settings, table) for table in INPUTS}


def _latest(spark: SparkSession, settings: Settings, table: Table) -> int:
    from pyspark.errors import AnalysisException

    try:
        history = spark.sql(f"DESCRIBE HISTORY delta.`{table.location(settings)}` LIMIT 1")
        return int(history.collect()[0]["version"])
    except AnalysisException as error:
        raise NotFoundError(
            f"There is no table {table.qualified}.", hint="Build it with `recolake build`."
        ) from error


def load_dataset(
    spark: SparkSession, settings: Settings, tenant: Tenant, versions: Mapping[str, int]
) -> Dataset:
    """Read everything at the given Delta versions.

    Raises:
        InvalidInputError: the tenant has no interactions with goods.
        NotFoundError: a table or version does not exist.
    """

    def read(table: Table, *columns: str) -> pa.Table:
        rows = read_tenant(spark, settings, table, tenant, versions[table.qualified])
        found: pa.Table = rows.select(*columns).toArrow()
        return found

    events = read(GOLD_TRAINING_SET, "user_id", "item_id", "event_date", "weight")
    if not events.num_rows:
        raise InvalidInputError(
            f"Tenant '{tenant}' has no interactions to learn from.",
            hint="Upload events of people with goods, then run `recolake ingest` and `recolake build`.",
        )
    item_days = read(GOLD_ITEM_DAYS, "item_id", "event_date", "weight")
    items = read(SILVER_ITEMS, "item_id", "title", "price", "attributes")
    uploads = read(BRONZE_INGESTS, "upload_id")["upload_id"]
    interactions = Interactions.of(
        _texts(events["user_id"]), _texts(events["item_id"]), _days(events["event_date"]), _weights(events)
    )
    ids = items["item_id"].to_pylist()
    return Dataset(
        interactions,
        ItemDays(_texts(item_days["item_id"]), _days(item_days["event_date"]), _weights(item_days)),
        titles=dict(zip(ids, items["title"].to_pylist(), strict=True)),
        attributes=dict(
            zip(ids, map(_attributes, items.select(["price", "attributes"]).to_pylist()), strict=True)
        ),
        inputs=dict(versions),
        uploads=tuple(sorted(set(uploads.to_pylist()))),
    )


def _texts(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(column.to_pylist(), dtype=np.str_)


def _days(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.cast(column, pa.int32()).to_numpy(), dtype=np.int64)


def _weights(rows: pa.Table) -> np.ndarray:
    return np.asarray(pc.cast(rows["weight"], pa.float64()).to_numpy(), dtype=np.float32)


def _attributes(row: Mapping[str, Any]) -> dict[str, str]:
    """Attributes and price of an item as texts."""
    found = {key: value for key, value in dict(row["attributes"] or {}).items() if value is not None}
    return found if row["price"] is None else {**found, "price": str(row["price"])}
