"""A mark is only left for what is surely taken in."""

from __future__ import annotations

from recolake.lake.tables import GOLD_POPULARITY, SILVER_EVENTS
from recolake.transform.marks import CHECKS, Mark, carried, marks_after

EVENTS, POPULARITY = SILVER_EVENTS.qualified, GOLD_POPULARITY.qualified
REACHED = {EVENTS: {"shop": 10, "demo": 7}, POPULARITY: {"shop": 10}, CHECKS: {"shop": 10}}


def test_what_was_brought_up_to_date_reaches_as_far_as_was_read() -> None:
    after = {SILVER_EVENTS: 4}
    marks = marks_after(
        REACHED, {"shop": 20}, before={SILVER_EVENTS: 3}, after=after, done=[SILVER_EVENTS], checked=True
    )
    assert marks == {
        Mark(EVENTS, "shop", 20, 4),
        Mark(EVENTS, "demo", 7, 4),
        Mark(CHECKS, "shop", 20, None),
    }


def test_a_table_that_failed_keeps_its_marks_if_nobody_wrote_it() -> None:
    versions = {SILVER_EVENTS: 3, GOLD_POPULARITY: 5}
    marks = marks_after(
        REACHED, {"shop": 20}, before=versions, after=versions, done=[SILVER_EVENTS], checked=False
    )
    assert Mark(POPULARITY, "shop", 10, 5) in marks
    assert Mark(EVENTS, "shop", 20, 3) in marks


def test_a_table_that_was_written_but_not_to_the_end_has_none() -> None:
    marks = marks_after(
        REACHED,
        {"shop": 20},
        before={GOLD_POPULARITY: 5},
        after={GOLD_POPULARITY: 6},
        done=[],
        checked=False,
    )
    assert marks == {Mark(CHECKS, "shop", 10, None)}


def test_a_test_that_failed_leaves_all_of_it_to_be_tested_again() -> None:
    marks = marks_after(
        {}, {"shop": 20}, before={}, after={SILVER_EVENTS: 1}, done=[SILVER_EVENTS], checked=False
    )
    assert marks == {Mark(EVENTS, "shop", 20, 1)}


def test_maintenance_carries_over_the_good_marks_of_its_table_alone() -> None:
    good, void = Mark(EVENTS, "shop", 10, 3), Mark(EVENTS, "demo", 7, 2)
    others = {Mark(POPULARITY, "shop", 10, 3), Mark(CHECKS, "shop", 10, None)}
    assert carried({good, void, *others}, SILVER_EVENTS, 3, 6) == {
        Mark(EVENTS, "shop", 10, 6),
        void,
        *others,
    }
