"""How far a build reads follows from decisions too; who lost rows since the tables were built is known."""

from __future__ import annotations

from datetime import UTC, datetime

from recolake.lake.tables import GOLD_POPULARITY, SILVER_EVENTS
from recolake.transform.admission import reach_of, with_withdrawn_rows
from recolake.transform.marks import CHECKS
from recolake.uploads.states import Decision, State

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVENTS, POPULARITY = SILVER_EVENTS.qualified, GOLD_POPULARITY.qualified


def decision(state: State, place: int) -> Decision:
    return Decision("u", state, "me", NOW, "because", place)


def test_a_build_reads_up_to_the_latest_ingest_or_decision() -> None:
    highs = {"shop": 10, "other": 5}
    made = {"shop": [decision(State.RELEASED, 11)], "other": [decision(State.REVERTED, 4)]}
    assert reach_of(highs, made) == {"shop": 11, "other": 5}


def test_what_holds_an_upload_is_no_reach_as_its_ingest_may_not_be_complete() -> None:
    assert reach_of({"shop": 10}, {"shop": [decision(State.HELD, 20)]}) == {"shop": 10}


def test_tables_built_before_a_revert_are_built_anew_and_those_after_it_are_not() -> None:
    made, highs = {"shop": [decision(State.REVERTED, 11)]}, {"shop": 11}
    done = {EVENTS: {"shop": 11}, POPULARITY: {"shop": 11}, CHECKS: {"shop": 11}}
    assert with_withdrawn_rows(made, done, highs) == []
    for name in done:
        assert with_withdrawn_rows(made, done | {name: {"shop": 10}}, highs) == ["shop"]


def test_a_tenant_that_was_never_built_or_is_not_built_now_is_not_built_anew() -> None:
    made = {"shop": [decision(State.REVERTED, 11)], "other": [decision(State.REVERTED, 11)]}
    assert with_withdrawn_rows(made, {EVENTS: {"other": 5}}, {"shop": 11}) == []


def test_what_was_released_again_had_been_taken_away_before() -> None:
    made = {"shop": [decision(State.REVERTED, 11), decision(State.RELEASED, 12)]}
    assert with_withdrawn_rows(made, {EVENTS: {"shop": 10}}, {"shop": 12}) == ["shop"]
    only_released = {"shop": [decision(State.HELD, 9), decision(State.RELEASED, 12)]}
    assert with_withdrawn_rows(only_released, {EVENTS: {"shop": 10}}, {"shop": 12}) == []
