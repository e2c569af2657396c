"""Builds know how far they got: what they took in they do not take in again, whatever there was in it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from recolake.lake.tables import BUILD_MARKS, SILVER_EVENTS
from recolake.settings import Settings
from recolake.transform.build import build


def test_building_again_writes_nothing_also_after_uploads_with_nothing_for_some_table(arrivals: Any) -> None:
    assert arrivals.again == arrivals.versions[-1]
    assert BUILD_MARKS.qualified in arrivals.again


def test_what_is_ingested_during_a_build_is_left_to_the_next(
    arrivals: Any, purchases: list[dict[str, Any]]
) -> None:
    assert arrivals.overlaps == [8, 16, len(purchases)]


def test_lost_marks_cost_work_and_nothing_else(
    arrivals: Any, settings: Settings, bronze: Any, purchases: list[dict[str, Any]], built: Any
) -> None:
    before = built.rows(arrivals.odd, SILVER_EVENTS)
    shutil.rmtree(Path(BUILD_MARKS.location(settings).removeprefix("file://")))
    bronze.upload(arrivals.odd, [{**purchases[0], "event_id": "after the loss", "item_id": "i9"}])
    build(settings, arrivals.odd, select=[SILVER_EVENTS.qualified])
    after = built.rows(arrivals.odd, SILVER_EVENTS)
    assert len(after) == len(before) + 1
    assert set(before) < set(after)
