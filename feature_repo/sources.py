"""Which table feeds which views, and as which SQL types its columns are read."""

from __future__ import annotations

from feast import FeatureView
from feast.types import Array, Bool, FeastType, Float64, Int64, String

from feature_repo.changes import CREATED, TIMESTAMP, Source
from feature_repo.feature_views.items import item_attributes, item_popularity
from feature_repo.feature_views.users import user_profile
from recolake.features.names import ITEM_KEY, TENANT_KEY, USER_KEY, View
from recolake.lake.tables import GOLD_ITEM_FEATURES, GOLD_USER_FEATURES, Table

_SQL_TYPES: tuple[tuple[FeastType, str], ...] = (
    (Bool, "BOOLEAN"),
    (Int64, "BIGINT"),
    (Float64, "DOUBLE"),
    (String, "STRING"),
    (Array(String), "ARRAY<STRING>"),
    (Array(Float64), "ARRAY<DOUBLE>"),
    (Array(Int64), "ARRAY<BIGINT>"),
)


def _source(table: Table, key: str, *views: FeatureView) -> Source:
    features = {field.name: _sql_type(field.dtype) for view in views for field in view.features}
    keys = {TENANT_KEY: "STRING", key: "STRING"}
    times = {TIMESTAMP: "TIMESTAMP", CREATED: "TIMESTAMP"}
    return Source(table, key, keys | features | times)


def _sql_type(dtype: FeastType) -> str:
    return next(sql_type for feast_type, sql_type in _SQL_TYPES if feast_type == dtype)


SOURCE_VIEWS: dict[str, tuple[Source, tuple[View, ...]]] = {
    source.table.qualified: (source, views)
    for source, views in (
        (_source(GOLD_USER_FEATURES, USER_KEY, user_profile), (View.USER_PROFILE,)),
        (
            _source(GOLD_ITEM_FEATURES, ITEM_KEY, item_attributes, item_popularity),
            (View.ITEM_ATTRIBUTES, View.ITEM_POPULARITY),
        ),
    )
}
