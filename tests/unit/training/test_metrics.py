"""Metrics against a second, plain implementation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recolake.ranking.ragged import Ragged
from training.evaluation.bootstrap import SAMPLES, Coverage, Mean, draws, estimates, mean
from training.evaluation.metrics import hits, ndcg, recall

_ITEMS = 12


def _plain(ranked: list[int], held: set[int], k: int) -> tuple[float, float]:
    gained = sum(1 / math.log2(place + 2) for place, item in enumerate(ranked[:k]) if item in held)
    best = sum(1 / math.log2(place + 2) for place in range(min(k, len(held))))
    return gained / best, len(held & set(ranked[:k])) / len(held)


_USER = st.tuples(
    st.permutations(range(_ITEMS)), st.integers(0, _ITEMS), st.sets(st.integers(0, _ITEMS - 1), min_size=1)
)


@given(users=st.lists(_USER, min_size=1, max_size=6), k=st.integers(1, _ITEMS))
@settings(deadline=None)
def test_ndcg_and_recall_agree_with_the_plain_definition(
    users: list[tuple[list[int], int, set[int]]], k: int
) -> None:
    ranked = np.array([[*order[:cut], *[-1] * (_ITEMS - cut)] for order, cut, _ in users])
    lengths = np.array([len(held) for *_, held in users])
    truth = Ragged(
        np.concatenate([[0], np.cumsum(lengths)]), np.concatenate([sorted(held) for *_, held in users])
    )
    hit = hits(ranked, truth, _ITEMS)
    expected = np.array([_plain(order[:cut], held, k) for order, cut, held in users])
    np.testing.assert_allclose(ndcg(hit, lengths, k), expected[:, 0])
    np.testing.assert_allclose(recall(hit, lengths, k), expected[:, 1])


def test_a_perfect_list_scores_one_even_if_fewer_are_held_out_than_shown() -> None:
    truth = Ragged(np.array([0, 2]), np.array([3, 7]))
    hit = hits(np.array([[7, 3, 1, 0]]), truth, 10)
    assert ndcg(hit, np.array([2]), 4).tolist() == [1.0]


def test_the_interval_of_a_mean_covers_it_and_narrows_with_users() -> None:
    random = np.random.default_rng(0)
    widths = []
    for users in (100, 10_000):
        estimate = mean(random.random(users), seed=1)
        assert estimate.low < estimate.value < estimate.high
        assert estimate.value == pytest.approx(0.5, abs=0.1)
        widths.append(estimate.high - estimate.low)
    assert widths[1] == pytest.approx(widths[0] / 10, rel=0.3)


def test_coverage_counts_each_shown_item_once() -> None:
    ranked = np.array([[0, 1, -1], [1, 2, -1]])
    found = estimates({"coverage": Coverage(ranked, 10)}, 2, seed=0)["coverage"]
    assert found.value == 0.3
    # A resample has both users, or one of them twice.
    assert (found.low, found.high) == (pytest.approx(0.2), pytest.approx(0.3))


def test_the_same_seed_draws_the_same_users() -> None:
    one, same, other = (np.concatenate(list(draws(50, seed))) for seed in (4, 4, 5))
    assert one.shape == (SAMPLES, 50)
    assert (one == same).all()
    assert (one != other).any()


@pytest.mark.parametrize("users", [1, 7, 30_000, 400_000])
def test_however_many_users_there_are_little_is_drawn_at_a_time(users: int) -> None:
    """And in all the same as if it were drawn at once, so figures do not depend on the size of a block."""
    samples = 12
    blocks = list(draws(users, seed=3, samples=samples))
    assert max(block.size for block in blocks) <= max(1 << 18, users)
    at_once = np.random.default_rng(3).multinomial(users, np.full(users, 1 / users), size=samples)
    np.testing.assert_array_equal(np.concatenate(blocks), at_once)


def test_statistics_are_of_the_same_resamples() -> None:
    """So that two models are compared over the same users: what is equal for everybody differs by nothing."""
    values = np.random.default_rng(0).random(500)
    found = estimates({"one": Mean(values), "two": Mean(values)}, 500, seed=2)
    assert found["one"] == found["two"] == mean(values, seed=2)
