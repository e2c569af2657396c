"""A closed tenant is in no file of the lake, and others' rows and marks are what they were."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pyarrow as pa
import pytest

from recolake.endpoints import resolve
from recolake.lake.catalog import table_version
from recolake.lake.cuts import cuts
from recolake.lake.read import row_count
from recolake.lake.tables import GOLD_TRAINING_SET, SILVER_USERS, Table
from recolake.privacy.scan import Needles, scan
from recolake.privacy.stores import Leaving
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.transform.marks import Mark, read_marks, write_marks
from spark_jobs.erasure import whole
from spark_jobs.erasure.whole import dismiss_landing, dismiss_rows

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_a_closed_tenant_is_nowhere_in_the_lake_and_a_rerun_finds_nothing(
    platform: Settings, spark: SparkSession, tmp_path: Path
) -> None:
    own = platform.model_copy(update={"home": tmp_path / "home", "spark_url": resolve(platform, "spark")})
    gone, stays = (Tenant(f"t{uuid4().hex}") for _ in range(2))
    names = [gone.name, stays.name, stays.name]

    def append(table: Table, rows: pa.Table) -> None:
        frame = spark.createDataFrame(rows).coalesce(1)
        frame.write.format("delta").mode("append").save(table.location(own))

    append(GOLD_TRAINING_SET, pa.table({"tenant_id": names, "user_id": ["a", "a", "b"]}))
    append(SILVER_USERS, pa.table({"tenant_id": [stays.name], "user_id": ["a"]}))
    write_marks(
        spark,
        own,
        [Mark(GOLD_TRAINING_SET.qualified, each.name, 1, 0) for each in (gone, stays)],
    )
    leaving = Leaving(own, gone, lambda _: None)
    looked = {each.store: (each.found, each.left) for each in dismiss_rows(leaving)}
    assert looked == {GOLD_TRAINING_SET.qualified: (1, 0), SILVER_USERS.qualified: (0, 0)}
    assert row_count(spark, own, GOLD_TRAINING_SET, stays) == 2
    assert row_count(spark, own, SILVER_USERS, stays) == 1
    assert scan([Path(own.lake_root)], Needles([gone.name])).hits == []
    assert set(leaving.cut) == {GOLD_TRAINING_SET.qualified} == set(cuts(own))
    (mark,) = read_marks(spark, own)
    assert (mark.tenant, mark.version) == (stays.name, table_version(spark, GOLD_TRAINING_SET, own))
    again = Leaving(own, gone, lambda _: None)
    assert {each.found for each in dismiss_rows(again)} == {0}
    assert again.cut == {}


def test_a_removal_that_is_killed_before_the_past_went_is_completed_and_cuts_no_other_table(
    platform: Settings, spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = platform.model_copy(update={"home": tmp_path / "home", "spark_url": resolve(platform, "spark")})
    # A name that stands in every log of Delta, as part of other words.
    gone, stays = Tenant("id"), Tenant(f"t{uuid4().hex}")
    for table, names in ((GOLD_TRAINING_SET, [gone.name, stays.name]), (SILVER_USERS, [stays.name])):
        frame = spark.createDataFrame(pa.table({"tenant_id": names, "user_id": ["a"] * len(names)}))
        frame.coalesce(1).write.format("delta").mode("append").save(table.location(own))

    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(whole, "cut", killed)
        with pytest.raises(KeyboardInterrupt):
            dismiss_rows(Leaving(own, gone, lambda _: None))
    assert row_count(spark, own, GOLD_TRAINING_SET, gone) == 0
    leaving = Leaving(own, gone, lambda _: None)
    assert {each.found for each in dismiss_rows(leaving)} == {0}
    assert set(leaving.cut) == {GOLD_TRAINING_SET.qualified}
    assert row_count(spark, own, GOLD_TRAINING_SET, stays) == 1


def test_a_landing_zone_whose_removal_was_killed_is_removed_by_the_next(tmp_path: Path) -> None:
    settings, shop = Settings(home=tmp_path), Tenant("shop")
    for name in ("shop", ".shop.dismissed", "shop-b"):
        (settings.landing_root / name / "upload").mkdir(parents=True)
    (looked,) = dismiss_landing(Leaving(settings, shop, lambda _: None))
    assert (looked.found, looked.left) == (1, 0)
    assert [path.name for path in settings.landing_root.iterdir()] == ["shop-b"]
