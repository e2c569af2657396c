"""What was answered and what people did becomes outcomes; harm in them ends the experiment."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from recolake.experiments.document import Experiment, Stopper
from recolake.experiments.lifecycle import begin
from recolake.experiments.outcomes import Total, read_outcomes
from recolake.experiments.store import latest_experiment
from recolake.experiments.watch import check_experiment
from recolake.lake.catalog import add_later_columns, create_statement
from recolake.lake.tables import BRONZE_RECOMMENDATIONS, GOLD_EXPERIMENT_OUTCOMES
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.transform.build import build
from recolake.usage.journal import UsageJournal
from recolake.usage.record import UsageRecord
from spark_jobs.usage import ship_usage

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TRIED = Tenant("tried")
DAY = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
PEOPLE = 80


def experiment(settings: Settings) -> Experiment:
    """Of v2 against v1, half of the people each."""
    made = Experiment(
        experiment_id="exp-20260301T000000Z-0123abcd",
        tenant_id=TRIED.name,
        salt="0f" * 16,
        champion="v1",
        champion_checksum="a",
        challenger="v2",
        challenger_checksum="b",
        share=0.5,
        started_at=DAY,
    )
    begin(settings, made)
    return made


def answered(number: int, trial: Experiment, **more: Any) -> UsageRecord:
    """Everybody is shown item i1; odd people by the challenger."""
    fields: dict[str, Any] = {
        "tenant_id": TRIED.name,
        "recommendation_id": f"r{number}",
        "served_at": DAY,
        "key_id": "k",
        "user_id": f"u{number}",
        "model_version": "v1",
        "strategy": "personal",
        "item_ids": ("i1", "i2"),
        "variant": "challenger" if number % 2 else "champion",
        "experiment_id": trial.experiment_id,
        "milliseconds": 4.0,
    }
    return UsageRecord.model_validate(fields | more)


def event(number: int, kind: str, hours: float) -> dict[str, Any]:
    at = DAY + dt.timedelta(hours=hours)
    return {
        "event_id": f"e{number}-{kind}",
        "user_id": f"u{number}",
        "item_id": "i1",
        "event_type": kind,
        "value": Decimal(5) if kind == "purchase" else None,
        "quantity": Decimal(1),
        "price": Decimal(5),
        "event_time": at,
        "event_date": at.date(),
        "order_id": "o",
        "item_attributes": {"title": "Thing"},
    }


@pytest.fixture
def shipped(spark: SparkSession, platform: Settings, bronze: Any) -> Experiment:
    """80 people were answered and half of each side bought; one answer is from before there were variants."""
    ship_usage(platform)  # what others were answered before
    trial = experiment(platform)
    journal = UsageJournal(platform.journal_root)
    for number in range(PEOPLE):
        journal.append(answered(number, trial))
    journal.append(answered(900, trial, variant=None, experiment_id=None, milliseconds=None))
    journal.close()
    assert ship_usage(platform).added == PEOPLE + 1
    bronze.upload(TRIED, [event(number, "purchase", 1.0) for number in range(PEOPLE) if number % 4 < 2])
    return trial


def test_from_the_journal_to_a_stop(spark: SparkSession, platform: Settings, shipped: Experiment) -> None:
    build(platform, TRIED, select=[GOLD_EXPERIMENT_OUTCOMES.qualified], all_tests=True)
    found = read_outcomes(spark, platform, TRIED, shipped)
    for arm in (found.champion, found.challenger):
        assert (arm.users, arm.exposures) == (40, Total(40.0, 40.0, 40))
        assert arm.clicks == arm.conversions == Total(20.0, 20.0, 20)
        assert arm.revenue == Total(100.0, 500.0, 20)
        assert arm.failures == arm.slow == Total()
    harmless = check_experiment(platform, TRIED, shipped, build=False)
    assert harmless.experiment.ending is None
    assert not harmless.mismatch

    journal = UsageJournal(platform.journal_root)
    for number in range(1, PEOPLE, 2):
        more = {"recommendation_id": f"f{number}", "fallback": "challenger_failed", "milliseconds": 400.0}
        journal.append(answered(number, shipped, **more))
    journal.close()
    ship_usage(platform)
    harmful = check_experiment(platform, TRIED, shipped)
    assert harmful.outcomes.challenger.failures == harmful.outcomes.challenger.slow == Total(40.0, 40.0, 40)
    latest = latest_experiment(platform, TRIED)
    assert latest is not None
    assert latest.ending is not None
    assert latest.ending.by is Stopper.GUARDRAIL
    assert "failures" in latest.ending.reason


def test_a_table_from_before_there_were_variants_gets_their_columns_and_keeps_its_rows(
    spark: SparkSession, platform: Settings, tmp_path: Path
) -> None:
    now = replace(BRONZE_RECOMMENDATIONS, name="recommendations_of_old")
    then = replace(now, columns=tuple(column for column in now.columns if not column.later))
    settings = platform.model_copy(update={"lake_url": str(tmp_path)})
    spark.sql(create_statement(then, settings))
    try:
        row = f"'t', 'r', timestamp'{DAY:%F %T}', date'{DAY:%F}', 'k', null, 'v1', 'personal', array('a')"
        spark.sql(f"INSERT INTO {then.qualified} VALUES ({row})")
        for _ in range(2):
            add_later_columns(spark, now)
        assert spark.table(now.qualified).columns == [column.name for column in now.columns]
        [kept] = spark.table(now.qualified).collect()
        assert (kept["recommendation_id"], kept["variant"]) == ("r", None)
    finally:
        spark.sql(f"DROP TABLE {now.qualified}")
