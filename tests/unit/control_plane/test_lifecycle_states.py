"""What a tenant's standing follows from, and which step comes next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from control_plane.lifecycle.states import (
    BEGINNING,
    END,
    LAST_WORDS,
    LOOK_AT,
    STORES,
    Moments,
    Step,
    StepState,
    may_erase,
    next_steps,
    pause_after,
    standing_of,
)
from recolake.privacy.stores import ORDER
from recolake.tenancy.standing import Standing

NOW = datetime(2026, 3, 1, tzinfo=UTC)
AGO = NOW - timedelta(days=1)


def beginning(done: int, attempts: int = 0) -> list[StepState]:
    return [StepState(step, place < done, attempts, NOW) for place, step in enumerate(BEGINNING)]


def test_a_beginning_is_requested_then_under_way_then_active_and_a_step_that_keeps_failing_is_seen() -> None:
    assert standing_of(Moments(), beginning(0)) is Standing.REQUESTED
    assert standing_of(Moments(), beginning(1)) is Standing.PROVISIONING
    assert standing_of(Moments(), beginning(1, LOOK_AT)) is Standing.FAILED
    assert standing_of(Moments(), beginning(len(BEGINNING))) is Standing.ACTIVE
    assert standing_of(Moments(), []) is Standing.ACTIVE


def test_what_happened_later_in_a_life_decides() -> None:
    steps = beginning(len(BEGINNING))
    assert standing_of(Moments(suspended_at=AGO), steps) is Standing.SUSPENDED
    assert standing_of(Moments(suspended_at=AGO, closing_at=AGO), steps) is Standing.CLOSING
    assert standing_of(Moments(closing_at=AGO, closed_at=NOW), steps) is Standing.CLOSED


@given(st.integers(0, 40), st.integers(-10, 10_000))
def test_nothing_is_erased_before_the_grace_is_over_and_all_that_was_acknowledged_has_arrived(
    days: int, minutes: int
) -> None:
    moments = Moments(closing_at=NOW, grace_until=NOW + timedelta(days=days))
    now = NOW + timedelta(minutes=minutes)
    assert may_erase(moments, now) == (now >= NOW + timedelta(days=days) and now - NOW >= LAST_WORDS)
    assert not may_erase(Moments(), now)


@given(st.sets(st.sampled_from(END)))
def test_of_the_end_only_the_first_step_that_is_left_can_be_done(done: set[Step]) -> None:
    steps = [StepState(step, step in done, 0, AGO) for step in END]
    left = [step for step in END if step not in done]
    assert next_steps(steps, END, NOW, early=False) == left[:1]


def test_of_the_beginning_a_step_that_waits_holds_up_none_of_the_others() -> None:
    later = NOW + timedelta(hours=1)
    steps = [StepState(step, False, 1, later if step is Step.MLFLOW else AGO) for step in BEGINNING]
    assert next_steps(steps, BEGINNING, NOW, early=False) == [s for s in BEGINNING if s is not Step.MLFLOW]
    assert next_steps(steps, BEGINNING, NOW, early=True) == list(BEGINNING)


@given(st.integers(0, 1_000))
def test_pauses_grow_to_an_hour(attempts: int) -> None:
    assert timedelta(seconds=5) <= pause_after(attempts) <= pause_after(attempts + 1) <= timedelta(hours=1)


def test_every_store_is_emptied_and_keys_go_when_all_else_is_gone() -> None:
    assert set(STORES.values()) == set(ORDER)
    assert END[-2:] == (Step.DESTROY_KEYS, Step.CERTIFICATE)
