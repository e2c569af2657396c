"""A lake of its own for training tests, beside the one that other tests share: small, with a known answer."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from recolake.lake.tables import (
    GOLD_ITEM_DAYS,
    GOLD_ITEM_EMBEDDINGS,
    GOLD_TRAINING_SET,
    GOLD_USER_EMBEDDINGS,
    SILVER_EVENTS,
    SILVER_ITEMS,
    SILVER_USERS,
    Table,
)
from recolake.platform import control
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

GROUPS, PEOPLE, ITEMS, DAYS, EVENTS = 3, 20, 15, 60, 30
FIRST_DAY = np.datetime64("2025-01-01")
# When the uploads were ingested whose events the shop's tables hold.
INGESTED = np.datetime64("2025-03-02T08:00:00", "us")


@dataclass(frozen=True)
class Shop:
    """A tenant with 60 people in three groups, who take the 45 items of their group over 60 days.

    Nobody took the item `new`.
    """

    settings: Settings
    tenant: Tenant
    spark: SparkSession

    def append(self, table: Table, rows: pa.Table) -> None:
        rows = rows.add_column(0, "tenant_id", pa.repeat(pa.scalar(self.tenant.name), rows.num_rows))
        self.spark.createDataFrame(rows).write.format("delta").mode("append").save(
            table.location(self.settings)
        )

    def learn(self, dates: pa.Array, users: list[str], items: list[str]) -> None:
        """Appends purchases to what training learns from."""
        ones = pa.array(np.ones(len(users)))
        rows = pa.table({"event_date": dates, "item_id": items, "weight": ones})
        rows = rows.append_column("ingested_at", _moments([INGESTED] * len(users)))
        self.append(GOLD_ITEM_DAYS, rows)
        taken_at = dates.cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))
        self.append(
            GOLD_TRAINING_SET,
            rows.append_column("user_id", pa.array(users)).append_column("taken_at", taken_at),
        )

    def rows(self, table: Table) -> int:
        return self.spark.read.format("delta").load(table.location(self.settings)).count()


@pytest.fixture
def shop(platform: Settings, spark: SparkSession, tmp_path: Path) -> Shop:
    control.up(platform, ["mlflow"])
    settings = platform.model_copy(update={"lake_url": str(tmp_path / "lake")})
    shop = Shop(settings, Tenant(f"shop-{uuid.uuid4().hex[:8]}"), spark)
    _fill(shop)
    return shop


def _fill(shop: Shop) -> None:
    random = np.random.default_rng(0)
    count = GROUPS * PEOPLE * EVENTS
    group = np.repeat(np.arange(GROUPS), PEOPLE * EVENTS)
    person = np.tile(np.repeat(np.arange(PEOPLE), EVENTS), GROUPS)
    items = [f"g{g}-{n:02}" for g, n in zip(group, random.integers(ITEMS, size=count), strict=True)]
    users = [f"p{g}-{n:02}" for g, n in zip(group, person, strict=True)]
    shop.learn(pa.array(FIRST_DAY + random.integers(0, DAYS, count), pa.date32()), users, items)
    names = [*sorted(set(items)), "new"]
    attributes = pa.array([[("colour", "red")]] * len(names), pa.map_(pa.string(), pa.string()))
    shop.append(
        SILVER_ITEMS,
        pa.table(
            {
                "item_id": names,
                "title": [f"Title of {name}" for name in names],
                "price": np.full(len(names), 2.5),
                "attributes": attributes,
                "is_goods": [True] * len(names),
                "ingested_at": _moments([INGESTED] * len(names)),
            }
        ),
    )
    said = pa.array([[("country", "GB")]], pa.map_(pa.string(), pa.string()))
    shop.append(SILVER_USERS, pa.table({"user_id": ["p0-00"], "attributes": said}))
    # Upload c came after gold was built, d says nothing of items.
    hour = np.timedelta64(1, "h")
    shop.append(
        SILVER_EVENTS,
        pa.table(
            {
                "upload_id": ["upload-b", "upload-a", "upload-a", "upload-c", "upload-d"],
                "item_id": ["g0-00", "g0-01", "g0-02", "g0-00", None],
                "ingested_at": _moments(
                    [INGESTED, *[INGESTED - hour] * 2, INGESTED + hour, INGESTED - 2 * hour]
                ),
            }
        ),
    )
    for table in (GOLD_USER_EMBEDDINGS, GOLD_ITEM_EMBEDDINGS):
        columns = ", ".join(f"{c.name} {c.type}{' NOT NULL' if c.required else ''}" for c in table.columns)
        shop.spark.sql(f"CREATE TABLE delta.`{table.location(shop.settings)}` ({columns}) USING delta")


def _moments(moments: list[np.datetime64]) -> pa.Array:
    return pa.array(moments, pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))
