"""What is shipped to the lake is what its table has, and all that the API writes down."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from recolake.lake.tables import BRONZE_RECOMMENDATIONS
from recolake.usage.record import UsageRecord
from spark_jobs.usage import _SCHEMA

_TYPES = {
    pa.string(): "string",
    pa.date32(): "date",
    pa.int32(): "int",
    pa.float64(): "double",
    pa.timestamp("us", "UTC"): "timestamp",
    pa.list_(pa.string()): "array<string>",
    pa.list_(pa.float64()): "array<double>",
}


def test_every_column_is_shipped_in_the_type_that_the_table_has() -> None:
    shipped = {field.name: _TYPES[field.type] for field in _SCHEMA}
    assert shipped == {column.name: column.type for column in BRONZE_RECOMMENDATIONS.columns}
    # How much of what is billed goes to PostgreSQL alone.
    told = UsageRecord.model_fields.keys() - {"units", "environment"}
    assert shipped.keys() == told | {"served_date"}


def test_a_record_with_everything_and_one_with_the_least_go_into_one_batch() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    least = UsageRecord(
        tenant_id="shop",
        recommendation_id="r",
        served_at=at,
        key_id="k",
        user_id=None,
        model_version=None,
        strategy="popular",
        item_ids=(),
    )
    whole = least.model_copy(
        update={
            "item_ids": ("a", "b"),
            "scenario_version": 3,
            "scores": (1.0, 0.5),
            "reasons": ("recent", "recent"),
            "propensities": (0.9, 0.1),
        }
    )
    rows = [each.model_dump() | {"served_date": at.date()} for each in (least, whole)]
    table = pa.Table.from_pylist(rows, schema=_SCHEMA)
    assert table["propensities"].to_pylist() == [None, [0.9, 0.1]]
    assert table["scenario_version"].to_pylist() == [None, 3]
