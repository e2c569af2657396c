"""The second stage: that the future never reaches a feature, and that it learns what counting cannot say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recolake.ranking.items import IntArray
from training.datasets.interactions import Interactions
from training.models.own_frequency.model import OwnFrequency
from training.models.second_stage.candidates import Candidates, Scout, ranks
from training.models.second_stage.config import Config
from training.models.second_stage.examples import examples
from training.models.second_stage.history import Visits, of_items, of_pairs
from training.models.second_stage.model import SecondStage
from training.models.second_stage.windows import windows

USERS, ITEMS, DAYS, FIRST = 30, 24, 40, 15_000
LENGTH = DAYS // 5
SMALL = Config(windows=2, depth=6, members=2, epochs=2)


def _interactions(user: IntArray, item: IntArray, day: IntArray) -> Interactions:
    """Also of users and items without events, so that their positions never change."""
    ids = (np.array([f"{n:03}" for n in range(count)]) for count in (USERS, ITEMS))
    found = Interactions.of(user.astype(str), item.astype(str), day, np.ones(len(user), np.float32))
    users, items = ids
    known_users, known_items = found.user_ids.astype(int), found.item_ids.astype(int)
    order = np.lexsort((found.day, known_items[found.item], known_users[found.user]))
    return Interactions(
        users,
        items,
        known_users[found.user][order],
        known_items[found.item][order],
        found.day[order],
        found.weight[order],
        found.taken_at[order],
    )


def _world(seed: int = 0, count: int = 900) -> tuple[IntArray, IntArray, IntArray]:
    random = np.random.default_rng(seed)
    user, item = random.integers(USERS, size=count), random.integers(ITEMS, size=count)
    return (
        user,
        np.where(random.random(count) < 0.5, user % ITEMS, item),
        FIRST + random.integers(DAYS, size=count),
    )


def _found(interactions: Interactions, as_of: int) -> tuple[Candidates, tuple[str, ...]]:
    scout = Scout(interactions, as_of, depth=6, again=True, seed=0)
    return scout.find(np.arange(USERS)), scout.features


@settings(max_examples=8, deadline=None)
@given(
    future=st.lists(
        st.tuples(st.integers(0, USERS - 1), st.integers(0, ITEMS - 1), st.integers(DAYS - LENGTH, DAYS - 1)),
        max_size=60,
    )
)
def test_what_happens_in_a_window_reaches_no_feature_of_it(future: list[tuple[int, int, int]]) -> None:
    user, item, day = _world()
    last = FIRST + DAYS - 1
    before = day <= last - LENGTH
    other = np.array(future, dtype=np.int64).reshape(-1, 3)
    changed = _interactions(
        np.concatenate([user[before], other[:, 0]]),
        np.concatenate([item[before], other[:, 1]]),
        np.concatenate([day[before], FIRST + other[:, 2]]),
    )
    pair = [next(windows(found, last, 1)) for found in (_interactions(user, item, day), changed)]
    (ours, names), (theirs, _) = [_found(window.past, window.as_of) for window in pair]
    assert pair[0].as_of == pair[1].as_of == last - LENGTH
    np.testing.assert_array_equal(ours.item, theirs.item)
    for number, name in enumerate(names):
        np.testing.assert_array_equal(ours.features[:, number], theirs.features[:, number], err_msg=name)


def test_labels_are_what_was_taken_in_the_window_and_nothing_before() -> None:
    interactions = _interactions(*_world())
    for window in windows(interactions, FIRST + DAYS - 1, 3):
        last = window.as_of + LENGTH
        inside = (interactions.day > window.as_of) & (interactions.day <= last)
        expected = set(zip(interactions.user[inside], interactions.item[inside], strict=True))
        assert set(zip(window.taken.owners, window.taken.rows, strict=True)) == expected
        assert window.past.last_day <= window.as_of


def test_windows_follow_each_other_backwards_and_leave_as_much_before_them() -> None:
    interactions = _interactions(*_world())
    found = list(windows(interactions, FIRST + DAYS - 1, 99))
    assert [window.as_of for window in found] == [FIRST + DAYS - 1 - LENGTH * n for n in range(1, 5)]
    assert not list(windows(interactions.between(last=FIRST), FIRST, 3))


def test_ages_and_intervals_are_those_of_the_user_and_the_item() -> None:
    user, item = np.array([0, 0, 0, 0, 1]), np.array([3, 3, 3, 5, 3])
    past = _interactions(user, item, FIRST + np.array([0, 10, 20, 25, 28]))
    as_of = FIRST + 30
    visits = Visits.of(past, as_of)
    pairs = of_pairs(past, visits, as_of).at(np.array([3, 5, ITEMS + 3, ITEMS + 5]))
    np.testing.assert_array_equal(pairs["own since"], [10, 5, 2, np.nan])
    np.testing.assert_array_equal(pairs["own interval"], [10, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(pairs["own due"][:1], [1])
    np.testing.assert_array_equal(pairs["own days"], [3, 1, 1, 0])
    np.testing.assert_array_equal(pairs["own visits since"], [1, 0, 0, np.nan])
    np.testing.assert_array_equal(pairs["own share of visits"], [0.75, 1, 1, 0])
    items = of_items(past, as_of)
    assert (items["item since"][3], items["item age"][3]) == (2, 30)
    assert np.isnan(items["item age"][4])


def test_ranks_count_the_larger_ones_of_the_same_owner() -> None:
    found = ranks(np.array([0, 0, 0, 2, 2]), np.array([1.0, 3.0, 3.0, 0.0, 9.0]))
    assert found.tolist() == [2, 0, 1, 1, 0]


def test_where_only_new_items_count_none_is_proposed_or_taught_that_the_user_had() -> None:
    interactions = _interactions(*_world())
    as_of = FIRST + DAYS - 1
    scout = Scout(interactions, as_of, depth=6, again=False, seed=0)
    found = scout.find(np.arange(USERS))
    assert len(found.item)
    assert not interactions.taken[found.place, found.item].any()
    taught = examples(interactions, as_of, SMALL.model_copy(update={"again": False}), 0)
    assert taught is not None
    own = _found(interactions, as_of)[1].index("own days")
    assert (taught.features[:, own] == 0).all()


def test_it_learns_that_what_was_given_up_is_not_bought_again() -> None:
    """Every ten days all change from one half of their items to the other; counting sees both alike."""
    random = np.random.default_rng(3)
    own = np.argsort(random.random((USERS, ITEMS)), axis=1)[:, :8]
    user = np.repeat(np.arange(USERS), DAYS * 2)
    day = np.tile(np.repeat(np.arange(DAYS), 2), USERS)
    # Half of the users come to the second half of their items 20 days later than the others.
    half = (day >= np.where(user % 2 == 0, 8, 24)).astype(int)
    item = own[user, half * 4 + random.integers(4, size=len(user))]
    interactions = _interactions(user, item, FIRST + day)
    everybody = np.arange(USERS)

    def share_of_second_half(scores: np.ndarray) -> float:
        best = np.argsort(-scores, axis=1)[:, :4]
        return float((best[:, :, None] == own[:, None, 4:]).any(axis=2).mean())

    model = SecondStage(Config(depth=12, members=4, epochs=10), seed=0).fit(interactions, FIRST + DAYS - 1)
    frequency = OwnFrequency().fit(interactions, FIRST + DAYS - 1)
    assert share_of_second_half(model.scores(everybody)) > 0.95
    assert share_of_second_half(frequency.scores(everybody)) < 0.8


@pytest.mark.parametrize("days", [1, 3])
def test_with_no_past_window_to_learn_from_it_still_ranks(days: int) -> None:
    user, item, day = _world()
    interactions = _interactions(user, item, FIRST + (day - FIRST) % days)
    scores = SecondStage(SMALL).fit(interactions, FIRST + days - 1).scores(np.arange(USERS))
    assert np.isfinite(scores).all()
    assert (scores.std(axis=1) > 0).all()


def test_what_is_no_candidate_lies_below_all_that_are() -> None:
    interactions = _interactions(*_world())
    as_of = FIRST + DAYS - 1
    model = SecondStage(SMALL).fit(interactions, as_of)
    scores = model.scores(np.arange(USERS))
    found = Scout(interactions, as_of, depth=SMALL.depth, again=True, seed=0).find(np.arange(USERS))
    proposed = np.zeros(scores.shape, dtype=np.bool_)
    proposed[found.place, found.item] = True
    assert (
        np.where(proposed, scores, np.inf).min(axis=1) > np.where(proposed, -np.inf, scores).max(axis=1)
    ).all()
