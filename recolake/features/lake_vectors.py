"""The cold copy of vectors: the Delta tables that the online views of vectors are fed from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recolake.features.names import View
from recolake.features.online import VECTOR_KEYS
from recolake.lake.read import read_tenant
from recolake.lake.tables import GOLD_ITEM_EMBEDDINGS, GOLD_USER_EMBEDDINGS
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

VECTOR_TABLES = {View.USER_VECTOR: GOLD_USER_EMBEDDINGS, View.ITEM_VECTOR: GOLD_ITEM_EMBEDDINGS}
CHECKSUM = "model_checksum"


def lake_vectors(
    spark: SparkSession, settings: Settings, view: View, tenant: Tenant, version: str, checksum: str
) -> DataFrame:
    """Vectors of exactly this model: `user_id` or `item_id`, `vector`, `event_timestamp`.

    Args:
        checksum: `Artifact.users_checksum` of the model.

    Raises:
        NotFoundError: there is no such table yet.
    """
    from pyspark.sql import functions as F  # noqa: N812

    rows = read_tenant(spark, settings, VECTOR_TABLES[view], tenant)
    # A table that was made before there were checksums gets the column with the next publication.
    same = F.col(CHECKSUM) == checksum if CHECKSUM in rows.columns else F.lit(False)
    return rows.where((F.col("model_version") == version) & same).select(
        VECTOR_KEYS[view], "vector", "event_timestamp"
    )
