"""The split, the histories and popularity: nothing younger than the cut may get through."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recolake.ranking.users import HISTORY_LENGTH
from training.datasets.dataset import ItemDays
from training.datasets.histories import histories
from training.datasets.ids import Ids
from training.datasets.interactions import NEVER, Interactions
from training.datasets.split import temporal_split, window_days

# User, item, day, weight, and whether the event took the item.
Event = tuple[int, int, int, float, bool]
_EVENT = st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(0, 40), st.floats(0.1, 5), st.booleans())
_EVENTS = st.lists(_EVENT, min_size=1, max_size=80)
_DAY = 86_400_000_000


def _interactions(events: list[Event]) -> Interactions:
    user, item, day, weight, taken = (np.array(column) for column in zip(*events, strict=True))
    return Interactions.of(
        [f"u{n}" for n in user],
        [f"i{n}" for n in item],
        day,
        weight.astype(np.float32),
        np.where(taken, day * _DAY + item, NEVER),
    )


@given(_EVENTS)
@settings(deadline=None)
def test_events_add_up_and_their_order_does_not_matter(events: list[Event]) -> None:
    found, reverse = _interactions(events), _interactions(events[::-1])
    assert found.weight.sum() == pytest.approx(sum(e[3] for e in events), rel=1e-4)
    assert len(found) == len({e[:3] for e in events})
    np.testing.assert_array_equal(found.user, reverse.user)
    np.testing.assert_array_equal(found.day, reverse.day)
    np.testing.assert_array_equal(found.taken_at, reverse.taken_at)
    np.testing.assert_allclose(found.weight, reverse.weight, rtol=1e-5)
    assert found.taken.nnz == len({e[:2] for e in events if e[4]})
    assert found.met.nnz == len({e[:2] for e in events})


@given(_EVENTS)
@settings(deadline=None)
def test_the_split_agrees_with_its_plain_definition(events: list[Event]) -> None:
    split = temporal_split(_interactions(events))
    days = [e[2] for e in events]
    first = max(days) - window_days(min(days), max(days)) + 1
    before = [e for e in events if e[2] < first]
    if not before:
        assert split is None
        return
    assert split is not None
    users, items = {f"u{e[0]}" for e in before}, {f"i{e[1]}" for e in before}
    had = {(f"u{u}", f"i{i}") for u, i, _, _, taken in before if taken}
    held = {(f"u{u}", f"i{i}") for u, i, d, _, taken in events if d >= first and taken}
    known = {(u, i) for u, i in held if u in users and i in items}
    assert split.train.last_day < first == split.first_day
    for ragged, expected in ((split.all_items, known), (split.new_items, known - had)):
        pairs = {
            (split.train.user_ids[u], split.train.item_ids[i])
            for u, i in zip(ragged.owners, ragged.rows, strict=True)
        }
        assert pairs == expected


@given(_EVENTS, st.integers(0, 60))
@settings(deadline=None)
def test_a_history_agrees_with_its_plain_definition(events: list[Event], later: int) -> None:
    found = _interactions(events)
    as_of = found.last_day + later
    expected: dict[tuple[str, str], float] = {}
    for user, item in {e[:2] for e in events if e[4]}:
        weights = [w * 2 ** ((d - as_of) / 60) for u, i, d, w, _ in events if (u, i) == (user, item)]
        expected[f"u{user}", f"i{item}"] = sum(weights)
    rows, weights = histories(found, as_of)
    pairs = zip(found.user_ids[rows.owners], found.item_ids[rows.rows], strict=True)
    assert dict(zip(pairs, weights.tolist(), strict=True)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("span", "days"), [(1, 1), (4, 1), (10, 2), (100, 20), (154, 30), (155, 31), (700, 31)]
)
def test_the_window_is_a_month_or_a_fifth_of_a_short_span(span: int, days: int) -> None:
    assert window_days(100, 100 + span - 1) == days


def test_history_halves_in_sixty_days() -> None:
    found = _interactions([(0, 0, 0, 1.0, True), (0, 1, 60, 1.0, False), (0, 1, 120, 1.0, True)])
    rows, weights = histories(found, as_of=120)
    assert rows.rows.tolist() == [0, 1]
    np.testing.assert_allclose(weights, [0.25, 1.5])


def test_of_a_long_history_the_newest_items_are_kept() -> None:
    """Newest by when they were taken, to the microsecond; of two at once the later id. A look is nothing."""
    count, day = HISTORY_LENGTH + 40, 100
    moment = np.arange(count)[::-1].copy()
    moment[HISTORY_LENGTH - 1] = moment[HISTORY_LENGTH]
    items = [f"i{n:04}" for n in range(count)]
    found = Interactions.of(
        ["u"] * (count + 1) + ["v"],
        [*items, items[-1], "i0000"],
        np.array([day] * count + [day + 1, day]),
        np.ones(count + 2, dtype=np.float32),
        np.concatenate([day * _DAY + moment, [NEVER, day * _DAY]]),
    )
    rows, weights = histories(found, as_of=day + 1)
    assert rows.lengths.tolist() == [HISTORY_LENGTH, 1]
    assert rows.rows[:-1].tolist() == [*range(HISTORY_LENGTH - 1), HISTORY_LENGTH]
    assert len(weights) == len(rows.rows)


@given(st.lists(st.text(max_size=4), max_size=30), st.integers(1, 7))
@settings(deadline=None)
def test_ids_are_the_same_from_texts_and_from_arrow_in_however_many_chunks(
    texts: list[str], chunk: int
) -> None:
    # NumPy's fixed-width texts cannot end in NUL.
    texts = [text.rstrip("\0") for text in texts]
    chunks = [texts[start : start + chunk] for start in range(0, len(texts), chunk)]
    plain = Ids.of(texts)
    encoded = Ids.of_arrow(pa.chunked_array(chunks, pa.string()))
    assert plain.values[plain.codes].tolist() == texts
    assert encoded.values.tolist() == plain.values.tolist()
    assert encoded.codes.tolist() == plain.codes.tolist()


def test_trend_scores_are_those_of_forward_decay_up_to_the_day_asked_for() -> None:
    days = ItemDays.of(
        np.array(["a", "a", "b", "c", "x"]), np.array([0, 7, 7, 30, 7]), np.ones(5, dtype=np.float32)
    )
    scores = days.trend_scores(np.array(["a", "b", "c"]), last=7)
    # After day 7: a has 1.5, b has 1; the axis of time adds 7 / 7.
    np.testing.assert_allclose(scores, [np.log2(1.5) + 1, 1.0, -np.inf])
    later = days.trend_scores(np.array(["a", "b", "c"]))
    np.testing.assert_allclose(later[:2], scores[:2])
