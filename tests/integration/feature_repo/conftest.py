"""Gold tables of one tenant, in a lake of their own on the shared engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import pytest
import redis

from recolake.contracts.sql_text import identifier, literal
from recolake.endpoints import resolve
from recolake.features.feast_import import load_feast
from recolake.features.lake_vectors import VECTOR_TABLES
from recolake.features.names import ITEM_KEY, MODEL_KEY, TENANT_KEY, USER_KEY, Service, View
from recolake.features.store import online_store
from recolake.lake.catalog import create_statement
from recolake.lake.tables import GOLD_ITEM_FEATURES, GOLD_USER_FEATURES, Table
from recolake.ranking.artifact import Artifact, UserVectors, load_artifact
from recolake.ranking.artifact_writer import Origin, write_artifact
from recolake.ranking.items import Items
from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.ranking.pointer import activate, version_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from training.embeddings import store_vectors, vector_rows

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

COLUMNS = {
    GOLD_USER_FEATURES: "tenant_id string, user_id string, event_date date, event_timestamp timestamp, "
    "created_timestamp timestamp, purchases_total bigint, orders_total bigint, value_total double, "
    "distinct_items bigint, days_active bigint, country string, history_items array<string>, "
    "history_weights array<double>, history_days array<bigint>, history_first_days array<bigint>, "
    "history_last_days array<bigint>, ingested_at timestamp",
    GOLD_ITEM_FEATURES: "tenant_id string, item_id string, event_date date, event_timestamp timestamp, "
    "created_timestamp timestamp, title string, is_goods boolean, price decimal(18,4), "
    "purchases_total bigint, weight_total double, decayed_weight double, trend_score double, "
    "ingested_at timestamp",
}
FIRST_DAY = dt.date(2026, 1, 1)


def moment(day: int) -> dt.datetime:
    return dt.datetime.combine(FIRST_DAY + dt.timedelta(days=day), dt.time(12), dt.UTC)


@dataclass
class Lake:
    """Writes feature tables as the build does, and reads back what serving would see.

    The engine knows the tables by names that begin with `prefix`.
    """

    settings: Settings
    spark: SparkSession
    tenant: Tenant
    prefix: str
    tables: Sequence[Table] = field(default=(GOLD_USER_FEATURES, GOLD_ITEM_FEATURES))

    def at(self, day: int) -> dt.datetime:
        """The moment by which the rows of a day are dated: one second after the day's last event."""
        return moment(day)

    def create(self) -> None:
        for table in self.tables:
            properties = ", ".join(f"'{k}' = '{v}'" for k, v in table.properties.items())
            # By a name, as the build does: of a table named by its path Delta replaces nothing.
            self.spark.sql(
                f"CREATE OR REPLACE TABLE default.{self.prefix}_{table.name} ({COLUMNS[table]}) USING DELTA "
                f"CLUSTER BY ({', '.join(table.cluster_by)}) TBLPROPERTIES ({properties}) "
                f"LOCATION '{table.location(self.settings)}'"
            )
        for table in VECTOR_TABLES.values():
            statement, place = create_statement(table, self.settings), table.location(self.settings)
            unplaced = statement.removesuffix(f" LOCATION {literal(place)}")
            self.spark.sql(unplaced.replace(table.qualified, f"delta.{identifier(place)}"))

    def forget(self) -> None:
        for table in self.tables:
            self.spark.sql(f"DROP TABLE default.{self.prefix}_{table.name}")

    def name(self, table: Table) -> str:
        return f"delta.`{table.location(self.settings)}`"

    def write(self, table: Table, rows: list[dict[str, Any]]) -> None:
        schema = self.spark.table(self.name(table)).schema
        frame = self.spark.createDataFrame([tuple(row.get(f.name) for f in schema) for row in rows], schema)
        frame.write.format("delta").mode("append").save(table.location(self.settings))

    def users(self, *rows: tuple[str, int, list[str]], tenant: str | None = None) -> None:
        """(user, day, history)"""
        self.write(GOLD_USER_FEATURES, [self._user(*row, tenant or self.tenant.name) for row in rows])

    def items(self, *rows: tuple[str, int, float]) -> None:
        """(item, day, trend score)"""
        self.write(GOLD_ITEM_FEATURES, [self._item(*row) for row in rows])

    def delete(self, table: Table, condition: str) -> None:
        self.spark.sql(f"DELETE FROM {self.name(table)} WHERE {condition}")

    def model(self, version: str, vectors: dict[str, list[float]]) -> Artifact:
        """An artefact of a model that knows these people and the items `a` and `b`."""
        dimension = len(next(iter(vectors.values())))
        even = BlendWeights(vector=1, popularity=1, own=1)
        folder = version_folder(self.settings, self.tenant, version)
        write_artifact(
            folder,
            Origin(self.tenant, "model", version, "run", "commit", {}, 0, {}, []),
            RankingConfig(new_items=even, all_items=even),
            Items(("a", "b"), ("A", "B"), ({}, {})),
            np.array([[1.0] * dimension, [2.0] * dimension], np.float32),
            np.zeros(2),
            UserVectors(tuple(vectors), np.array(list(vectors.values()), np.float32)),
        )
        return load_artifact(folder, self.tenant)

    def vectors(self, version: str, vectors: dict[str, list[float]]) -> Artifact:
        """The same, and its vectors in the lake: all that publication does before it serves a version."""
        model = self.model(version, vectors)
        rows = {
            View.USER_VECTOR: vector_rows(
                USER_KEY, tuple(vectors), np.array(list(vectors.values())), moment(0)
            ),
            View.ITEM_VECTOR: vector_rows(ITEM_KEY, model.items.ids, model.vectors, moment(0)),
        }
        for view, table in rows.items():
            store_vectors(self.spark, self.settings, view, self.tenant, version, model.users_checksum, table)
        return model

    def serve(self, version: str) -> None:
        activate(self.settings, self.tenant, version)

    def online(self, user: str, version: str = "v1", tenant: str | None = None) -> dict[str, Any]:
        store = online_store(self.settings, 30.0)
        keys = {TENANT_KEY: tenant or self.tenant.name, USER_KEY: user, MODEL_KEY: version}
        found = store.get_online_features(store.get_feature_service(Service.RECOMMENDATION.value), [keys])
        return {name: values[0] for name, values in found.to_dict().items()}

    def item_vector(self, item: str, version: str) -> list[float] | None:
        store = online_store(self.settings, 30.0)
        keys = {TENANT_KEY: self.tenant.name, ITEM_KEY: item, MODEL_KEY: version}
        found = store.get_online_features([f"{View.ITEM_VECTOR}:vector"], [keys])
        vector: list[float] | None = found.to_dict()["vector"][0]
        return vector

    def history(self, user: str) -> list[str]:
        return self.online(user)["history_items"] or []

    def trend(self, item: str) -> float | None:
        store = online_store(self.settings, 30.0)
        keys = {TENANT_KEY: self.tenant.name, "item_id": item}
        found = store.get_online_features(store.get_feature_service(Service.POPULARITY.value), [keys])
        score: float | None = found.to_dict()["trend_score"][0]
        return score

    def _user(self, user: str, day: int, history: list[str], tenant: str) -> dict[str, Any]:
        return {
            "tenant_id": tenant,
            "user_id": user,
            "event_date": moment(day).date(),
            "event_timestamp": moment(day),
            "created_timestamp": moment(day),
            "purchases_total": len(history),
            "orders_total": 1,
            "value_total": 1.0,
            "distinct_items": len(history),
            "days_active": 1,
            "country": None,
            "history_items": history,
            "history_weights": [1.0] * len(history),
            "history_days": [1] * len(history),
            "history_first_days": [day] * len(history),
            "history_last_days": [day] * len(history),
            "ingested_at": moment(day),
        }

    def _item(self, item: str, day: int, trend: float) -> dict[str, Any]:
        from decimal import Decimal

        return {
            "tenant_id": self.tenant.name,
            "item_id": item,
            "event_date": moment(day).date(),
            "event_timestamp": moment(day),
            "created_timestamp": moment(day),
            "title": item,
            "is_goods": True,
            "price": Decimal("1.5"),
            "purchases_total": 1,
            "weight_total": 1.0,
            "decayed_weight": 1.0,
            "trend_score": trend,
            "ingested_at": moment(day),
        }


@pytest.fixture(scope="package")
def tables(
    platform: Settings, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lake]:
    """Empty tables; the registry database is the platform's."""
    load_feast()
    urls = {f"{name}_url": resolve(platform, name) for name in ("postgres", "redis", "spark")}
    settings = Settings(home=tmp_path_factory.mktemp("features") / "home", **urls)
    lake = Lake(settings, spark, Tenant("nobody"), prefix=f"f{uuid4().hex[:12]}")
    lake.create()
    yield lake
    lake.forget()


@pytest.fixture
def lake(tables: Lake) -> Lake:
    """The same tables for a tenant of this test alone, who has nothing in them."""
    return replace(tables, tenant=Tenant(f"t{uuid4().hex[:12]}"))


@pytest.fixture
def cache(lake: Lake) -> redis.Redis:
    return redis.Redis.from_url(resolve(lake.settings, "redis"))
