"""Where features come from: Delta tables that the engine's catalogue knows by name."""

from __future__ import annotations

from feast import PushSource
from feast.infra.offline_stores.contrib.spark_offline_store.spark_source import SparkSource

from feature_repo.entities import OWNER
from recolake.features.names import RECENT_SOURCE
from recolake.lake.tables import (
    GOLD_ITEM_EMBEDDINGS,
    GOLD_ITEM_FEATURES,
    GOLD_USER_EMBEDDINGS,
    GOLD_USER_FEATURES,
    SILVER_EVENTS,
)
from recolake.profile.deeds import COUNTING, MOST_RECENT, MOST_SEEN, TAKING

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

_LATEST = f"""
WITH deeds AS (
    SELECT tenant_id, user_id, item_id, event_type, event_time, event_type IN {TAKING!r} AS taking
    FROM {SILVER_EVENTS.qualified} WHERE user_id IS NOT NULL AND event_type IN {COUNTING!r}
), recent AS (
    SELECT tenant_id, user_id, max(event_time) AS event_timestamp,
        slice(
            sort_array(collect_list(struct(event_time, item_id, event_type)), false), 1, {MOST_RECENT}
        ) AS did
    FROM deeds GROUP BY tenant_id, user_id
), seen AS (
    SELECT tenant_id, user_id,
        slice(sort_array(collect_list(struct(at, item_id)), false), 1, {MOST_SEEN}) AS took
    FROM (
        SELECT tenant_id, user_id, item_id, max(event_time) AS at
        FROM deeds WHERE taking GROUP BY tenant_id, user_id, item_id
    ) GROUP BY tenant_id, user_id
)
SELECT recent.tenant_id, recent.user_id, recent.event_timestamp,
    did.item_id AS recent_items, did.event_type AS recent_types,
    transform(did.event_time, at -> unix_micros(at)) AS recent_times,
    coalesce(took.item_id, array()) AS seen_items,
    coalesce(transform(took.at, at -> unix_micros(at)), array()) AS seen_times
FROM recent LEFT JOIN seen ON recent.tenant_id = seen.tenant_id AND recent.user_id = seen.user_id
"""  # noqa: S608

deeds_in_lake = SparkSource(
    name="deeds_in_lake",
    query=_LATEST,
    timestamp_field="event_timestamp",
    description="What people did last, of what reached the lake: the same rows as are pushed",
    owner=OWNER,
)

recent_deeds = PushSource(
    name=RECENT_SOURCE,
    batch_source=deeds_in_lake,
    description="What people did just now, pushed by the API's writer of their partition",
    owner=OWNER,
)
