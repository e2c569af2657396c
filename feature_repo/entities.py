"""What features are about. Every view is keyed by the tenant as well: no tenant's key names another's row."""

from __future__ import annotations

from feast import Entity, ValueType

from recolake.features.names import ITEM_KEY, MODEL_KEY, TENANT_KEY, USER_KEY

OWNER = "features@recolake.dev"

tenant = Entity(
    name=TENANT_KEY,
    join_keys=[TENANT_KEY],
    value_type=ValueType.STRING,
    owner=OWNER,
    description="Customer of the platform that owns the row",
)
user = Entity(
    name=USER_KEY,
    join_keys=[USER_KEY],
    value_type=ValueType.STRING,
    owner=OWNER,
    description="Person, by pseudonym",
)
item = Entity(
    name=ITEM_KEY,
    join_keys=[ITEM_KEY],
    value_type=ValueType.STRING,
    owner=OWNER,
    description="Item of the tenant's catalogue",
)
model_version = Entity(
    name=MODEL_KEY,
    join_keys=[MODEL_KEY],
    value_type=ValueType.STRING,
    owner=OWNER,
    description="Model version that a vector belongs to; vectors of different versions do not compare",
)
