"""What is known of an item: what it says of itself, how it is doing, and where a model places it."""

from __future__ import annotations

from datetime import timedelta

from feast import FeatureView, Field
from feast.types import Array, Bool, Float32, Float64, Int64, String

from feature_repo.data_sources import item_embeddings, item_features
from feature_repo.entities import OWNER, item, model_version, tenant
from recolake.features.names import View

item_attributes = FeatureView(
    name=View.ITEM_ATTRIBUTES.value,
    entities=[tenant, item],
    ttl=timedelta(days=730),
    schema=[
        Field(name="title", dtype=String, description="Title by latest use"),
        Field(name="is_goods", dtype=Bool, description="False for postage, fees, adjustments and the like"),
        Field(name="price", dtype=Float64, description="Price of one piece at the latest purchase"),
    ],
    source=item_features,
    online=True,
    owner=OWNER,
    description="An item's attributes after each active day",
    tags={"layer": "gold", "personal": "no"},
)

item_popularity = FeatureView(
    name=View.ITEM_POPULARITY.value,
    entities=[tenant, item],
    ttl=timedelta(days=730),
    schema=[
        Field(name="purchases_total", dtype=Int64, description="Purchases so far, anonymous ones included"),
        Field(name="weight_total", dtype=Float64, description="Sum of event weights so far"),
        Field(name="decayed_weight", dtype=Float64, description="The same, halved for every 7 days of age"),
        Field(name="trend_score", dtype=Float64, description="Its logarithm, on one scale for all days"),
    ],
    source=item_features,
    online=True,
    owner=OWNER,
    description="An item's popularity after each active day",
    tags={"layer": "gold", "personal": "no"},
)

item_vector = FeatureView(
    name=View.ITEM_VECTOR.value,
    entities=[tenant, item, model_version],
    ttl=timedelta(days=730),
    schema=[Field(name="vector", dtype=Array(Float32), description="Embedding in its own version's space")],
    source=item_embeddings,
    online=True,
    owner=OWNER,
    description="An item's vector in the space of one model version",
    tags={"layer": "gold", "personal": "no"},
)
