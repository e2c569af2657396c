"""Where features come from: Delta tables that the engine's catalogue knows by name."""

from __future__ import annotations

from feast.infra.offline_stores.contrib.spark_offline_store.spark_source import SparkSource

from feature_repo.entities import OWNER
from recolake.lake.tables import (
    GOLD_ITEM_EMBEDDINGS,
    GOLD_ITEM_FEATURES,
    GOLD_USER_EMBEDDINGS,
    GOLD_USER_FEATURES,
)

user_features = SparkSource(
    name="user_features",
    table=GOLD_USER_FEATURES.qualified,
    timestamp_field="event_timestamp",
    created_timestamp_column="created_timestamp",
    description=GOLD_USER_FEATURES.comment,
    owner=OWNER,
)

item_features = SparkSource(
    name="item_features",
    # Feast knows no decimals; offline and online must give the same type.
    query=f"SELECT * EXCEPT (price), CAST(price AS DOUBLE) AS price FROM {GOLD_ITEM_FEATURES.qualified}",  # noqa: S608
    timestamp_field="event_timestamp",
    created_timestamp_column="created_timestamp",
    description=GOLD_ITEM_FEATURES.comment,
    owner=OWNER,
)

user_embeddings = SparkSource(
    name="user_embeddings",
    table=GOLD_USER_EMBEDDINGS.qualified,
    timestamp_field="event_timestamp",
    description=GOLD_USER_EMBEDDINGS.comment,
    owner=OWNER,
)

item_embeddings = SparkSource(
    name="item_embeddings",
    table=GOLD_ITEM_EMBEDDINGS.qualified,
    timestamp_field="event_timestamp",
    description=GOLD_ITEM_EMBEDDINGS.comment,
    owner=OWNER,
)
