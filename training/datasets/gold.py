"""The data set of one tenant from the lake, at the Delta versions of now."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recolake.errors import InvalidInputError
from recolake.lake.catalog import table_version
from recolake.lake.read import read_tenant
from recolake.lake.tables import (
    GOLD_ITEM_DAYS,
    GOLD_TRAINING_SET,
    SILVER_EVENTS,
    SILVER_ITEMS,
    SILVER_USERS,
    Table,
)
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from training.datasets.dataset import Dataset, ItemDays
from training.datasets.ids import Ids
from training.datasets.interactions import NEVER, Interactions
from training.datasets.opt_outs import without_opted_out

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# What is learnt from, then what it was built from, whose version is asked for last, so that it lacks nothing.
_LEARNT = (GOLD_TRAINING_SET, GOLD_ITEM_DAYS, SILVER_ITEMS)
INPUTS = (*_LEARNT, SILVER_USERS, SILVER_EVENTS)


def input_versions(spark: SparkSession, settings: Settings) -> dict[str, int]:
    """Latest Delta version of each table that training reads, by qualified name.

    Raises:
        NotFoundError: a table was never built.
    """
    return {table.qualified: table_version(spark, table, settings) for table in INPUTS}


def tables_read(dataset: Dataset) -> dict[Table, int]:
    """Each table that a data set was read from, with its Delta version."""
    return {table: dataset.inputs[table.qualified] for table in INPUTS if table.qualified in dataset.inputs}


def load_dataset(
    spark: SparkSession, settings: Settings, tenant: Tenant, versions: Mapping[str, int]
) -> Dataset:
    """Read everything at the given Delta versions; older models name none of people, who are unknown then.

    Raises:
        InvalidInputError: the tenant has no interactions with goods.
        NotFoundError: a table or version does not exist.
    """
    frames = {
        table: read_tenant(spark, settings, table, tenant, versions[table.qualified])
        for table in INPUTS
        if table is not SILVER_USERS or table.qualified in versions
    }
    events: pa.Table = (
        frames[GOLD_TRAINING_SET].select("user_id", "item_id", "event_date", "weight", "taken_at").toArrow()
    )
    events = without_opted_out(settings, tenant, events)
    if not events.num_rows:
        raise InvalidInputError(
            f"Tenant '{tenant}' has no interactions to learn from.",
            hint="Upload events of people with goods, then run `recolake ingest` and `recolake build`.",
        )
    item_days: pa.Table = frames[GOLD_ITEM_DAYS].select("item_id", "event_date", "weight").toArrow()
    items: pa.Table = (
        frames[SILVER_ITEMS].select("item_id", "title", "price", "attributes", "is_goods").toArrow()
    )
    ids = items["item_id"].to_pylist()
    attributes = dict(
        zip(ids, map(_attributes, items.select(["price", "attributes"]).to_pylist()), strict=True)
    )
    return Dataset(
        Interactions.of(
            Ids.of_arrow(events["user_id"]),
            Ids.of_arrow(events["item_id"]),
            _days(events),
            _weights(events),
            _microseconds(events["taken_at"]),
        ),
        ItemDays(Ids.of_arrow(item_days["item_id"]), _days(item_days), _weights(item_days)),
        titles=dict(zip(ids, items["title"].to_pylist(), strict=True)),
        attributes=attributes,
        inputs=dict(versions),
        uploads=_uploads(frames[SILVER_EVENTS], [frames[table] for table in _LEARNT]),
        goods=tuple(
            sorted(
                item
                for item, goods in zip(ids, items["is_goods"].to_pylist(), strict=True)
                if goods is not False and attributes[item].get("available") != "false"
            )
        ),
        people=_people(frames.get(SILVER_USERS)),
    )


def _people(rows: DataFrame | None) -> dict[str, dict[str, str]]:
    """Attributes of everybody of whom there are any."""
    if rows is None:
        return {}
    found: pa.Table = rows.where("size(attributes) > 0").select("user_id", "attributes").toArrow()
    return {
        row["user_id"]: {key: value for key, value in dict(row["attributes"]).items() if value is not None}
        for row in found.to_pylist()
    }


def _uploads(events: DataFrame, learnt: list[DataFrame]) -> tuple[str, ...]:
    """Uploads whose events about items went into what was learnt from; not those that arrived since.

    A tenant's uploads are ingested one after the other, and every table built from them knows the latest that
    it holds: whatever came no later is in it.
    """
    from pyspark.sql import functions as F  # noqa: N812

    ingests = reduce(lambda one, other: one.union(other), [rows.select("ingested_at") for rows in learnt])
    latest = ingests.agg(F.max("ingested_at").alias("latest"))
    known = events.where("item_id IS NOT NULL").join(
        F.broadcast(latest), F.col("ingested_at") <= F.col("latest")
    )
    return tuple(sorted(row["upload_id"] for row in known.select("upload_id").distinct().collect()))


def _days(rows: pa.Table) -> np.ndarray:
    return np.asarray(pc.cast(rows["event_date"], pa.int32()).to_numpy(), dtype=np.int64)


def _weights(rows: pa.Table) -> np.ndarray:
    return np.asarray(pc.cast(rows["weight"], pa.float64()).to_numpy(), dtype=np.float32)


def _microseconds(column: pa.ChunkedArray) -> np.ndarray:
    """Moments as microseconds since 1970; NEVER where there is none."""
    moments = pc.cast(pc.cast(column, pa.timestamp("us", tz="UTC")), pa.int64())
    return np.asarray(pc.fill_null(moments, NEVER).to_numpy(), dtype=np.int64)


def _attributes(row: Mapping[str, Any]) -> dict[str, str]:
    """Attributes and price of an item as texts."""
    found = {key: value for key, value in dict(row["attributes"] or {}).items() if value is not None}
    return found if row["price"] is None else {**found, "price": str(row["price"])}
