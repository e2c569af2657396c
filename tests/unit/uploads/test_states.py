"""The latest decision about an upload counts, and only what makes sense can be decided."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recolake.uploads.states import (
    OUTCOME,
    Action,
    Decision,
    State,
    UploadStateError,
    latest,
    outcome,
    withdrawals,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def decision(state: State, place: int, upload: str = "u") -> Decision:
    return Decision(upload, state, "me", NOW, "because", place)


@pytest.mark.parametrize(
    ("action", "states"),
    [
        (Action.RELEASE, {State.HELD, State.REJECTED, State.REVERTED}),
        (Action.REJECT, {State.HELD}),
        (Action.REVERT, {State.ACCEPTED, State.RELEASED}),
    ],
)
def test_an_action_is_for_uploads_in_some_states_alone(action: Action, states: set[State]) -> None:
    for state in State:
        if state in states:
            assert outcome(action, state, "u") is OUTCOME[action]
        else:
            with pytest.raises(UploadStateError, match=f"u is {state}"):
                outcome(action, state, "u")


@pytest.mark.parametrize("state", [s for s in State if s is not State.LANDED])
def test_whatever_was_decided_can_be_decided_otherwise(state: State) -> None:
    assert any(_possible(action, state) for action in Action)


def _possible(action: Action, state: State) -> bool:
    try:
        return outcome(action, state, "u").counts is not state.counts
    except UploadStateError:
        return False


@given(st.permutations([State.HELD, State.RELEASED, State.REVERTED, State.RELEASED]))
def test_the_latest_counts_in_whatever_order_rows_are_read(states: list[State]) -> None:
    made = [decision(state, place) for place, state in enumerate(states)]
    assert latest(reversed(made))["u"].state is states[-1]


def test_what_was_taken_out_and_put_back_is_still_a_withdrawal() -> None:
    made = [decision(State.HELD, 1), decision(State.REVERTED, 2), decision(State.RELEASED, 3)]
    assert [d.place for d in withdrawals(made)] == [2]
