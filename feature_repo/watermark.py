"""How far materialization has come, kept in Redis itself: whatever loses the features loses this as well.

Redis keeps its writes in order, and this one comes last; so where it stands, all rows before it stand too.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

import redis

from recolake.features.online import watermark_key
from recolake.tenancy.context import Tenant


@dataclass(frozen=True, slots=True)
class Position:
    """A state of a Delta table: the id changes when the table is made anew, the version with every commit."""

    table_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Watermark:
    """Definitions by which, and table states up to which, a tenant's rows are in Redis."""

    definitions: str
    tables: dict[str, Position] = field(default_factory=dict)


def read_watermark(client: redis.Redis, tenant: Tenant) -> Watermark | None:
    """None where there is none, or none that can be understood; then everything is to be written."""
    content: Any = client.get(watermark_key(tenant))
    if content is None:
        return None
    try:
        found = json.loads(content)
        tables = {name: Position(**position) for name, position in found["tables"].items()}
        return Watermark(found["definitions"], tables)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def write_watermark(client: redis.Redis, tenant: Tenant, watermark: Watermark) -> None:
    client.set(watermark_key(tenant), json.dumps(asdict(watermark), sort_keys=True))
