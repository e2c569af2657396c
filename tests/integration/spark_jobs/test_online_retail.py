"""The published facts about Online Retail come out of bronze exactly: no row vanishes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_EVENTS, BRONZE_INGESTS, BRONZE_QUARANTINE, BRONZE_REPEATS
from recolake.landing.store import land
from recolake.settings import PROJECT_ROOT, Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import ensure_tenant_key
from spark_jobs.ingest import ingest_pending
from spark_jobs.report import IngestReport

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.much_data

SHOP = Tenant("retail-facts")


@pytest.fixture(scope="module")
def report(platform: Settings, shared_data: Path, spark: SparkSession) -> Iterator[IngestReport]:
    ensure_tenant_key(platform, SHOP)
    land(platform, SHOP, [shared_data / "online-retail"], PROJECT_ROOT / "mappings" / "online_retail.yaml")
    (report,) = ingest_pending(platform, SHOP)
    yield report
    # A year of a shop: no build of another test should have to work through it.
    for table in (BRONZE_EVENTS, BRONZE_QUARANTINE, BRONZE_REPEATS, BRONZE_INGESTS):
        spark.sql(f"DELETE FROM {table.qualified} WHERE tenant_id = '{SHOP}'")


@pytest.fixture(scope="module")
def raw_rows(report: IngestReport, platform: Settings, spark: SparkSession) -> DataFrame:
    """Every row that came in: a repeat is the row that it repeats, once more."""
    kept = ["event_id", "raw_record", "user_id", "item_id", "order_id", "event_type", "quantity", "price"]
    events, quarantine = (
        read_tenant(spark, platform, table, SHOP).select(*kept)
        for table in (BRONZE_EVENTS, BRONZE_QUARANTINE)
    )
    first = events.unionByName(quarantine)
    again = read_tenant(spark, platform, BRONZE_REPEATS, SHOP).select("event_id").join(first, "event_id")
    return first.unionByName(again.select(*kept)).selectExpr(
        "*", "get_json_object(raw_record, '$.Description') AS description"
    )


def test_rows_in_are_accepted_repeated_or_quarantined(report: IngestReport) -> None:
    assert (report.rows_in, report.repeats, report.quarantined) == (541_909, 5_268, 2_512)
    assert report.accepted == 541_909 - 5_268 - 2_512
    assert report.reasons == {"price_not_positive": 2_512, "quantity_not_positive": 1_336}
    assert len(report.files) == 305
    assert report.verdict


def test_the_accounting_of_every_file_adds_up(
    report: IngestReport, platform: Settings, spark: SparkSession
) -> None:
    files = read_tenant(spark, platform, BRONZE_INGESTS, SHOP)
    assert files.count() == len(report.files)
    assert files.where("rows_in <> accepted + quarantined + repeats").count() == 0


def test_the_published_facts_hold(raw_rows: DataFrame) -> None:
    facts = raw_rows.selectExpr(
        "count(*) AS rows",
        "count(DISTINCT order_id) AS invoices",
        "count(DISTINCT item_id) AS codes",
        "count_if(user_id IS NULL) AS without_customer",
        "count_if(event_type = 'return') AS cancelled",
        "count_if(quantity < 0) AS negative_quantity",
        "count_if(price <= 0) AS no_price",
        "count_if(description IS NULL) AS no_description",
        "count(DISTINCT user_id) AS customers",
    ).first()
    assert facts is not None
    assert facts.asDict() == {
        "rows": 541_909,
        "invoices": 25_900,
        "codes": 4_070,
        "without_customer": 135_080,
        "cancelled": 9_288,
        "negative_quantity": 10_624,
        "no_price": 2_517,
        "no_description": 1_454,
        "customers": 4_372,
    }


def test_the_clean_purchases_of_people_hold(
    report: IngestReport, platform: Settings, spark: SparkSession
) -> None:
    clean = read_tenant(spark, platform, BRONZE_EVENTS, SHOP).where(
        "event_type = 'purchase' AND user_id IS NOT NULL"
    )
    facts = clean.selectExpr(
        "count(*) AS rows",
        "count(DISTINCT user_id) AS customers",
        "count(DISTINCT item_id) AS codes",
        "count(DISTINCT user_id, item_id) AS pairs",
    ).first()
    assert facts is not None
    assert tuple(facts) == (392_692, 4_338, 3_665, 266_792)
