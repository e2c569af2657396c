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
    BRONZE_INGESTS,
    GOLD_ITEM_DAYS,
    GOLD_ITEM_EMBEDDINGS,
    GOLD_TRAINING_SET,
    GOLD_USER_EMBEDDINGS,
    SILVER_ITEMS,
    Table,
)
from recolake.platform import control
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

GROUPS, PEOPLE, ITEMS, DAYS, EVENTS = 3, 20, 15, 60, 30
FIRST_DAY = np.datetime64("2025-01-01")


@dataclass(frozen=True)
class Shop:
    """A tenant with 60 people in three groups, who take the 45 items of their group over 60 days."""

    settings: Settings
    tenant: Tenant
    spark: SparkSession

    def append(self, table: Table, rows: pa.Table) -> None:
        rows = rows.add_column(0, "tenant_id", pa.repeat(pa.scalar(self.tenant.name), rows.num_rows))
        self.spark.createDataFrame(rows).write.format("delta").mode("append").save(
            table.location(self.settings)
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
    dates = pa.array(FIRST_DAY + random.integers(0, DAYS, count), pa.date32())
    ones = pa.array(np.ones(count))
    users = [f"p{g}-{n:02}" for g, n in zip(group, person, strict=True)]
    shop.append(
        GOLD_TRAINING_SET,
        pa.table({"event_date": dates, "user_id": users, "item_id": items, "weight": ones}),
    )
    shop.append(GOLD_ITEM_DAYS, pa.table({"event_date": dates, "item_id": items, "weight": ones}))
    names = sorted(set(items))
    attributes = pa.array([[("colour", "red")]] * len(names), pa.map_(pa.string(), pa.string()))
    shop.append(
        SILVER_ITEMS,
        pa.table(
            {
                "item_id": names,
                "title": [f"Title of {name}" for name in names],
                "price": np.full(len(names), 2.5),
                "attributes": attributes,
            }
        ),
    )
    shop.append(BRONZE_INGESTS, pa.table({"upload_id": ["upload-b", "upload-a", "upload-a"]}))
    for table in (GOLD_USER_EMBEDDINGS, GOLD_ITEM_EMBEDDINGS):
        columns = ", ".join(f"{c.name} {c.type}{' NOT NULL' if c.required else ''}" for c in table.columns)
        shop.spark.sql(f"CREATE TABLE delta.`{table.location(shop.settings)}` ({columns}) USING delta")
