"""The cold copy of a model's vectors: `gold.user_embeddings` and `gold.item_embeddings`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from recolake.features.lake_vectors import CHECKSUM, VECTOR_TABLES, lake_vectors
from recolake.features.names import View
from recolake.ranking.popularity import FloatArray
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def vector_rows(key: str, ids: tuple[str, ...], vectors: FloatArray, at: datetime) -> pa.Table:
    """One row a vector: `key`, `vector`, `event_timestamp`."""
    count, dimension = vectors.shape
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * dimension)
    values = pa.array(np.ascontiguousarray(vectors, dtype=np.float32).ravel())
    return pa.table(
        {
            key: pa.array(ids, pa.string()),
            "vector": pa.ListArray.from_arrays(offsets, values),
            "event_timestamp": pa.array([at] * count, pa.timestamp("us", tz="UTC")),
        }
    )


def store_vectors(
    spark: SparkSession,
    settings: Settings,
    view: View,
    tenant: Tenant,
    version: str,
    checksum: str,
    rows: pa.Table,
) -> bool:
    """Make the view's table hold exactly these vectors of this version; False where it did already.

    One atomic replacement of the version's rows, so a rerun after a kill neither doubles nor mixes them.

    Args:
        checksum: `Artifact.users_checksum` of the model.
    """
    if lake_vectors(spark, settings, view, tenant, version, checksum).count() == rows.num_rows:
        return False
    for name, value in ((CHECKSUM, checksum), ("model_version", version), ("tenant_id", tenant.name)):
        rows = rows.add_column(0, name, pa.repeat(pa.scalar(value), rows.num_rows))
    # Names of tenants and versions hold no quotes: both are checked where they are made.
    only = f"tenant_id = '{tenant.name}' AND model_version = '{version}'"
    # Tables that were made before there were checksums get the column.
    options = {"replaceWhere": only, "mergeSchema": "true"}
    frame = spark.createDataFrame(rows)
    location = VECTOR_TABLES[view].location(settings)
    frame.write.format("delta").mode("overwrite").options(**options).save(location)
    return True
