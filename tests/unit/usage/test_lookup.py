"""The record of an answer is found wherever it is on its way to the lake, by its own tenant alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from recolake.lake.tables import BRONZE_RECOMMENDATIONS
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.usage.journal import UsageJournal
from recolake.usage.lookup import find_usage
from recolake.usage.record import UsageRecord

SHOP, AT = Tenant("shop"), datetime(2026, 3, 1, 12, tzinfo=UTC)
ID = "rec_v1_" + "0" * 32 + "_" + "1" * 32


def _record(rules: str | None = None) -> UsageRecord:
    return UsageRecord(
        tenant_id="shop",
        recommendation_id=ID,
        served_at=AT,
        key_id="key",
        user_id=None,
        model_version="v1",
        strategy="popular",
        item_ids=("a", "b"),
        rules=rules,
    )


@pytest.fixture
def places(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def test_nothing_is_found_where_there_is_nothing(places: Settings) -> None:
    assert find_usage(places, SHOP, ID, AT) is None


@pytest.mark.parametrize("sealed", [False, True])
def test_a_record_is_found_in_a_journal_that_is_written_to_or_was_sealed(
    places: Settings, sealed: bool
) -> None:
    journal = UsageJournal(places.journal_root)
    journal.append(_record('{"filter":"price < 3"}'))
    if sealed:
        journal.close()
    assert find_usage(places, SHOP, ID, AT) == _record('{"filter":"price < 3"}')
    assert find_usage(places, Tenant("rival"), ID, AT) is None


def test_a_record_is_found_in_the_lake_also_in_a_table_from_before_there_were_rules(places: Settings) -> None:
    row = _record().model_dump(exclude={"rules"}) | {"served_date": AT.date()}
    # Of the types that the lake's table has; a column of NULLs alone has none of its own.
    texts = dict.fromkeys(("user_id", "fallback", "variant", "experiment_id"), pa.string())
    columns = pa.Table.from_pylist([row]).drop_columns([*texts, "milliseconds"])
    for name, kind in {**texts, "milliseconds": pa.float64()}.items():
        columns = columns.append_column(name, pa.nulls(1, kind))
    write_deltalake(
        BRONZE_RECOMMENDATIONS.location(places),
        columns,
        configuration={"delta.enableDeletionVectors": "true"},
    )
    assert find_usage(places, SHOP, ID, AT) == _record()
    assert find_usage(places, Tenant("rival"), ID, AT) is None
