"""A demo that was interrupted anywhere goes on from there; one that has nothing to do starts nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from recolake.demo.outstanding import asset_to_announce, turned_down
from recolake.files import write_atomically
from recolake.lake.tables import (
    BRONZE_DECISIONS,
    BRONZE_INGESTS,
    SILVER_EVENTS,
    SILVER_ITEMS,
    SILVER_USERS,
    Table,
)
from recolake.landing.store import land
from recolake.orchestration.backlog import build_is_due
from recolake.platform import control
from recolake.ranking.manifest import MANIFEST_FILE, BlendWeights, Manifest, RankingConfig
from recolake.ranking.pointer import activate, version_folder
from recolake.settings import PROJECT_ROOT, Settings
from recolake.tenancy.context import Tenant
from training.tracking import registry as tags
from training.tracking.registry import open_registry

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
WEIGHTS = BlendWeights(vector=1, popularity=1, own=1)
SILVER = {SILVER_EVENTS: "event_id", SILVER_ITEMS: "item_id", SILVER_USERS: "user_id"}
STARTED = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass
class Shop:
    """A tenant whose way through the platform a test takes step by step, in a lake of its own."""

    spark: SparkSession
    settings: Settings
    tenant: Tenant
    folder: Path
    ingests: int = 0

    def left(self) -> str | None:
        return asset_to_announce(self.spark, self.settings, self.tenant)

    def upload(self) -> str:
        """Land one file; gives the upload's id."""
        path = self.folder / f"{uuid4().hex}.csv"
        path.write_text(f"{HEADER}{path.stem},85123A,HEART,6,2010-12-01 08:26:00,2.55,17850,France\n")
        upload = land(self.settings, self.tenant, [path], PROJECT_ROOT / "mappings/online_retail.yaml").upload
        assert upload is not None
        return upload.upload_id

    def ingest(self, upload_id: str, *, accepted: int = 1) -> None:
        self.ingests += 1
        stamp = STARTED + timedelta(minutes=self.ingests)
        row = (self.tenant.name, upload_id, accepted, stamp)
        self._append(BRONZE_INGESTS, row, "tenant_id string, upload_id string, accepted bigint")

    def build(self) -> None:
        row = (self.tenant.name, f"e{self.ingests}", STARTED + timedelta(minutes=self.ingests))
        for table, key in SILVER.items():
            self._append(table, row, f"tenant_id string, {key} string")

    def train(self, *uploads: str, passed: bool) -> str:
        """Register a finished version that was trained on these uploads; gives its name."""
        with open_registry(self.settings, self.tenant) as registry:
            client, name = registry.client, registry.model_name
            run = client.create_run(registry.experiment_id())
            if not client.search_registered_models(f"name = '{name}'"):
                client.create_registered_model(name)
            number = client.create_model_version(
                name, f"{run.info.artifact_uri}/index", run.info.run_id
            ).version
            version = f"v{number}"
            folder = version_folder(self.settings, self.tenant, version)
            manifest = _manifest(self.tenant, name, version, run.info.run_id, uploads)
            write_atomically(folder / MANIFEST_FILE, manifest.model_dump_json().encode())
            registry.tag(version, tags.REASONS, "first\nsecond")
            registry.tag(version, tags.GATE, tags.PASSED if passed else tags.FAILED)
        return version

    def _append(self, table: Table, row: tuple[object, ...], columns: str) -> None:
        frame = self.spark.createDataFrame([row], f"{columns}, ingested_at timestamp")
        frame.write.format("delta").mode("append").save(table.location(self.settings))


def _manifest(tenant: Tenant, name: str, version: str, run_id: str, uploads: tuple[str, ...]) -> Manifest:
    return Manifest(
        tenant_id=tenant.name,
        model_name=name,
        model_version=version,
        mlflow_run_id=run_id,
        dimension=1,
        count=1,
        users=1,
        created_at=STARTED,
        code_version="test",
        config={},
        seed=0,
        inputs={},
        uploads=list(uploads),
        ranking=RankingConfig(new_items=WEIGHTS, all_items=WEIGHTS),
        canaries=[],
        files={},
    )


@pytest.fixture
def shop(platform: Settings, spark: SparkSession, tmp_path: Path) -> Shop:
    control.up(platform, ["mlflow"])
    places = {"lake_url": str(tmp_path / "lake"), "landing_url": str(tmp_path / "landing")}
    settings = platform.model_copy(update=places)
    shop = Shop(spark, settings, Tenant(f"t{uuid4().hex[:12]}"), tmp_path)
    # These tables are there from the platform's start on.
    shop.ingest("", accepted=0)
    spark.sql(f"DELETE FROM delta.`{BRONZE_INGESTS.location(settings)}`")
    decisions = ", ".join(f"{column.name} {column.type}" for column in BRONZE_DECISIONS.columns)
    spark.createDataFrame([], decisions).write.format("delta").save(BRONZE_DECISIONS.location(settings))
    return shop


def test_each_interruption_is_completed_from_where_it_happened(shop: Shop) -> None:
    assert shop.left() is None
    first = shop.upload()
    assert shop.left() == "landing"
    shop.ingest(first)
    assert shop.left() == "bronze", "killed before the build"
    shop.build()
    assert shop.left() == "bronze", "killed before training"
    version = shop.train(first, passed=True)
    assert shop.left() == "candidate", "killed before publication"
    activate(shop.settings, shop.tenant, version)
    assert shop.left() is None

    second = shop.upload()
    assert shop.left() == "landing"
    shop.ingest(second, accepted=0)
    assert shop.left() is None, "there is nothing in it to learn from"

    third = shop.upload()
    shop.ingest(third)
    assert shop.left() == "bronze"
    shop.train(first, passed=True)
    assert shop.left() == "bronze", "a training that began after the ingest, on tables older than it"
    shop.build()
    assert shop.left() == "bronze", "that training's model does not know the third upload"
    newest = shop.train(first, third, passed=True)
    assert shop.left() == "candidate"
    activate(shop.settings, shop.tenant, newest)
    assert shop.left() is None


def test_a_model_that_the_gate_turned_down_is_told_and_not_trained_again_while_another_serves(
    shop: Shop,
) -> None:
    first = shop.upload()
    shop.ingest(first)
    shop.build()
    refused = shop.train(first, passed=False)
    found = turned_down(shop.settings, shop.tenant)
    assert found is not None
    assert (found.name, found.reasons) == (refused, ("first", "second"))
    assert shop.left() == "bronze", "without a served model another try costs nothing"

    served = shop.train(first, passed=True)
    assert turned_down(shop.settings, shop.tenant) is None
    activate(shop.settings, shop.tenant, served)
    second = shop.upload()
    shop.ingest(second)
    shop.build()
    shop.train(first, second, passed=False)
    assert shop.left() is None
    assert turned_down(shop.settings, shop.tenant) is not None


def test_a_passed_model_that_waits_is_published_though_a_newer_one_was_turned_down(shop: Shop) -> None:
    first = shop.upload()
    shop.ingest(first)
    shop.build()
    shop.train(first, passed=True)
    shop.train(first, passed=False)
    assert shop.left() == "candidate"
    assert turned_down(shop.settings, shop.tenant) is None


def test_a_build_is_due_exactly_while_silver_lacks_accepted_rows(shop: Shop) -> None:
    def due() -> bool:
        return build_is_due(shop.spark, shop.settings, shop.tenant)

    assert not due()
    shop.ingest("empty", accepted=0)
    assert not due()
    shop.ingest("first")
    assert due()
    shop.build()
    assert not due()
    shop.ingest("empty again", accepted=0)
    assert not due()
    shop.ingest("second")
    assert due()
