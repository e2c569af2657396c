"""The split, the histories and popularity: nothing younger than the cut may get through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recolake.ranking.users import HISTORY_LENGTH
from training.datasets.dataset import ItemDays
from training.datasets.histories import histories
from training.datasets.interactions import Interactions
from training.datasets.split import temporal_split, window_days

_EVENT = st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(0, 40), st.floats(0.1, 5))
_EVENTS = st.lists(_EVENT, min_size=1, max_size=80)


def _interactions(events: list[tuple[int, int, int, float]]) -> Interactions:
    user, item, day, weight = zip(*events, strict=True)
    return Interactions.of(
        [f"u{n}" for n in user], [f"i{n}" for n in item], np.array(day), np.array(weight, dtype=np.float32)
    )


@given(_EVENTS)
@settings(deadline=None)
def test_events_add_up_and_their_order_does_not_matter(events: list[tuple[int, int, int, float]]) -> None:
    found, reverse = _interactions(events), _interactions(events[::-1])
    assert found.weight.sum() == pytest.approx(sum(e[3] for e in events), rel=1e-4)
    assert len(found) == len({e[:3] for e in events})
    np.testing.assert_array_equal(found.user, reverse.user)
    np.testing.assert_array_equal(found.day, reverse.day)
    np.testing.assert_allclose(found.weight, reverse.weight, rtol=1e-5)


@given(_EVENTS)
@settings(deadline=None)
def test_the_split_agrees_with_its_plain_definition(events: list[tuple[int, int, int, float]]) -> None:
    split = temporal_split(_interactions(events))
    days = [e[2] for e in events]
    first = max(days) - window_days(min(days), max(days)) + 1
    train = {(f"u{u}", f"i{i}") for u, i, d, _ in events if d < first}
    if not train:
        assert split is None
        return
    assert split is not None
    users, items = {u for u, _ in train}, {i for _, i in train}
    held = {(f"u{u}", f"i{i}") for u, i, d, _ in events if d >= first}
    known = {(u, i) for u, i in held if u in users and i in items}
    assert split.train.last_day < first == split.first_day
    for ragged, expected in ((split.all_items, known), (split.new_items, known - train)):
        pairs = {
            (split.train.user_ids[u], split.train.item_ids[i])
            for u, i in zip(ragged.owners, ragged.rows, strict=True)
        }
        assert pairs == expected


@pytest.mark.parametrize(
    ("span", "days"), [(1, 1), (4, 1), (10, 2), (100, 20), (154, 30), (155, 31), (700, 31)]
)
def test_the_window_is_a_month_or_a_fifth_of_a_short_span(span: int, days: int) -> None:
    assert window_days(100, 100 + span - 1) == days


def test_history_halves_in_sixty_days() -> None:
    found = _interactions([(0, 0, 0, 1.0), (0, 1, 60, 1.0), (0, 1, 120, 1.0)])
    rows, weights = histories(found, as_of=120)
    assert rows.rows.tolist() == [0, 1]
    np.testing.assert_allclose(weights, [0.25, 1.5])


def test_of_a_long_history_the_newest_items_are_kept() -> None:
    count = HISTORY_LENGTH + 40
    found = Interactions.of(
        ["u"] * count + ["v"],
        [f"i{n:04}" for n in range(count)] + ["i0000"],
        np.arange(count + 1)[::-1].copy(),
        np.ones(count + 1, dtype=np.float32),
    )
    rows, weights = histories(found, as_of=count)
    assert rows.lengths.tolist() == [HISTORY_LENGTH, 1]
    assert rows.rows[:-1].tolist() == list(range(HISTORY_LENGTH))
    assert len(weights) == len(rows.rows)


def test_trend_scores_are_those_of_forward_decay_up_to_the_day_asked_for() -> None:
    days = ItemDays(
        np.array(["a", "a", "b", "c", "x"]), np.array([0, 7, 7, 30, 7]), np.ones(5, dtype=np.float32)
    )
    scores = days.trend_scores(np.array(["a", "b", "c"]), last=7)
    # After day 7: a has 1.5, b has 1; the axis of time adds 7 / 7.
    np.testing.assert_allclose(scores, [np.log2(1.5) + 1, 1.0, -np.inf])
    later = days.trend_scores(np.array(["a", "b", "c"]))
    np.testing.assert_allclose(later[:2], scores[:2])
