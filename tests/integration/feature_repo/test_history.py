"""Features of the past: what a label may know, and nothing of what came after it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from feature_repo.history import features_as_of
from recolake.contracts.sql_text import literal
from recolake.features.store import offline_store
from recolake.lake.catalog import register_tables
from recolake.lake.tables import GOLD_USER_EMBEDDINGS, GOLD_USER_FEATURES
from recolake.settings import Settings

NAMED = (GOLD_USER_FEATURES, GOLD_USER_EMBEDDINGS)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def named_lake(lake: Any, settings: Settings) -> Iterator[Any]:
    """The engine's names of the feature tables, lent to this lake: a cache, the tables themselves stay."""
    spark = lake.spark
    for table in NAMED:
        spark.sql(f"DROP TABLE IF EXISTS {table.qualified}")
        place = literal(table.location(lake.settings))
        spark.sql(f"CREATE SCHEMA IF NOT EXISTS {table.layer}")
        spark.sql(f"CREATE TABLE {table.qualified} USING DELTA LOCATION {place}")
    from feature_repo.definitions import apply_definitions

    apply_definitions(lake.settings, offline_store(lake.settings))
    yield lake
    for table in NAMED:
        spark.sql(f"DROP TABLE {table.qualified}")
    register_tables(spark, settings)
    assert Path(GOLD_USER_FEATURES.location(lake.settings)).is_dir(), "only the name went"


def states(lake: Any, *moments: dt.datetime, version: str = "v1") -> list[tuple[Any, Any]]:
    """History and vector of ada as they stood at each moment, all asked for at once; None where unknown."""
    asked = pd.DataFrame(
        {
            "user_id": "ada",
            "model_version": version,
            "event_timestamp": moments,
            "label": range(len(moments)),
        }
    )
    found = features_as_of(lake.settings, lake.tenant, asked).sort_values("label")
    assert found["label"].tolist() == list(range(len(moments))), "labels come back, each once"
    columns = (found["history_items"], found["vector"])
    return [
        tuple(None if value is None else list(value) for value in row) for row in zip(*columns, strict=True)
    ]


def test_a_label_sees_the_state_before_it_also_where_an_event_came_late(named_lake: Any) -> None:
    lake = named_lake
    lake.users(("ada", 2, ["a"]), ("ada", 6, ["c", "a"]))
    lake.users(("ada", 3, ["theirs"]), tenant="other")
    late, last = lake.at(4) - SECOND, lake.at(6) - SECOND  # when the events happened
    before = states(lake, late + SECOND, last, last + SECOND)
    assert [history for history, _ in before] == [["a"], ["a"], ["c", "a"]]

    # The event of day 4 arrives: the build writes that day's state, and the later one anew.
    lake.delete(GOLD_USER_FEATURES, f"tenant_id = '{lake.tenant}' AND event_date > DATE'2026-01-04'")
    lake.users(("ada", 4, ["b", "a"]), ("ada", 6, ["c", "b", "a"]))
    after = states(lake, late, late + SECOND, last, last + SECOND, lake.at(2) - SECOND)
    assert [history for history, _ in after] == [
        ["a"],  # a label at the very event does not see it
        ["b", "a"],
        ["b", "a"],
        ["c", "b", "a"],
        None,  # nothing was known of her yet
    ]


def test_a_vector_is_known_from_the_making_of_its_model_on_and_to_its_version_alone(named_lake: Any) -> None:
    lake = named_lake
    lake.users(("ada", 0, ["a"]))
    lake.vectors("v1", {"ada": [1.0, 2.0]})
    known = states(lake, lake.at(0), lake.at(0) - SECOND)
    assert [vector for _, vector in known] == [[1.0, 2.0], None]
    assert states(lake, lake.at(1), version="v2") == [(["a"], None)]
