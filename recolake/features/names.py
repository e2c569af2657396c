"""Names of Feast's project, views and services, in this one place; definitions live in `feature_repo`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

PROJECT = "recolake"
TENANT_KEY, USER_KEY, ITEM_KEY, MODEL_KEY = "tenant_id", "user_id", "item_id", "model_version"


class View(StrEnum):
    """Feature views. Vectors also have the model version among their join keys."""

    USER_PROFILE = "user_profile"
    USER_VECTOR = "user_vector"
    USER_RECENT = "user_recent"
    ITEM_ATTRIBUTES = "item_attributes"
    ITEM_POPULARITY = "item_popularity"
    ITEM_VECTOR = "item_vector"


class Service(StrEnum):
    """Feature services, shared by training and serving. One never changes; its successor is `_v2`."""

    RECOMMENDATION_V1 = "recommendation_v1"
    RECOMMENDATION = "recommendation_v2"
    LIVE = "live_v1"
    POPULARITY = "popularity_v1"
    PROFILE = "profile_v1"


COLUMNS: Mapping[str, tuple[str, ...]] = {
    View.USER_RECENT: ("recent_items", "recent_types", "recent_times", "seen_items", "seen_times"),
}
"""Columns of views whose rows lie under the keys of others' and are removed for themselves."""

RECENT_SOURCE = "user_recent_push"
"""The push source of `View.USER_RECENT`."""

USER_ATTRIBUTES = (
    "country",
    "days_active",
    "distinct_items",
    "orders_total",
    "purchases_total",
    "value_total",
)
"""Columns of `View.USER_PROFILE` that conditions may ask of a person, as `user.country`."""
