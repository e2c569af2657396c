"""What is known of a person: what they did, and where a model places them."""

from __future__ import annotations

from datetime import timedelta

from feast import FeatureView, Field
from feast.types import Array, Float32, Float64, Int64, String

from feature_repo.data_sources import recent_deeds, user_embeddings, user_features
from feature_repo.entities import OWNER, model_version, tenant, user
from recolake.features.names import View

user_profile = FeatureView(
    name=View.USER_PROFILE.value,
    entities=[tenant, user],
    ttl=timedelta(days=730),
    schema=[
        Field(name="purchases_total", dtype=Int64, description="Purchases so far"),
        Field(name="orders_total", dtype=Int64, description="Different orders so far"),
        Field(name="value_total", dtype=Float64, description="Worth of all events so far, returns deducted"),
        Field(name="distinct_items", dtype=Int64, description="Different items bought so far"),
        Field(name="days_active", dtype=Int64, description="Days with at least one event so far"),
        Field(name="country", dtype=String, description="Country last stated"),
        Field(name="history_items", dtype=Array(String), description="Goods bought, newest first, max. 500"),
        Field(name="history_weights", dtype=Array(Float64), description="Their weights, halved in 60 days"),
        Field(name="history_days", dtype=Array(Int64), description="Days on which each was taken, counted"),
        Field(
            name="history_first_days", dtype=Array(Int64), description="The first of them, since 1970-01-01"
        ),
        Field(name="history_last_days", dtype=Array(Int64), description="The last of them, since 1970-01-01"),
    ],
    source=user_features,
    online=True,
    owner=OWNER,
    description="A person's state after each active day",
    tags={"layer": "gold", "personal": "pseudonymous"},
)

user_vector = FeatureView(
    name=View.USER_VECTOR.value,
    entities=[tenant, user, model_version],
    ttl=timedelta(days=730),
    schema=[Field(name="vector", dtype=Array(Float32), description="Embedding in its own version's space")],
    source=user_embeddings,
    online=True,
    owner=OWNER,
    description="A person's vector in the space of one model version",
    tags={"layer": "gold", "personal": "pseudonymous"},
)

user_recent = FeatureView(
    name=View.USER_RECENT.value,
    entities=[tenant, user],
    ttl=timedelta(days=730),
    schema=[
        Field(name="recent_items", dtype=Array(String), description="Items of the last events, newest first"),
        Field(name="recent_types", dtype=Array(String), description="What was done with each"),
        Field(name="recent_times", dtype=Array(Int64), description="When, in microseconds since 1970"),
        Field(name="seen_items", dtype=Array(String), description="Items taken, latest first, max. 500"),
        Field(name="seen_times", dtype=Array(Int64), description="When each was taken last"),
    ],
    source=recent_deeds,
    online=True,
    owner=OWNER,
    description="What a person did as the API was told, within a second, whatever the lake knows of it",
    tags={"layer": "stream", "personal": "pseudonymous"},
)
