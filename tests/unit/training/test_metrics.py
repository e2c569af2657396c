"""Metrics against a second, plain implementation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recolake.ranking.ragged import Ragged
from training.evaluation.bootstrap import coverage, draws, mean
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
        estimate = mean(random.random(users), draws(users, seed=1))
        assert estimate.low < estimate.value < estimate.high
        assert estimate.value == pytest.approx(0.5, abs=0.1)
        widths.append(estimate.high - estimate.low)
    assert widths[1] == pytest.approx(widths[0] / 10, rel=0.3)


def test_coverage_counts_each_shown_item_once() -> None:
    ranked = np.array([[0, 1, -1], [1, 2, -1]])
    assert coverage(ranked, 10, draws(2, seed=0)).value == 0.3


def test_the_same_seed_draws_the_same_users() -> None:
    assert (draws(50, seed=4) == draws(50, seed=4)).all()
    assert (draws(50, seed=4) != draws(50, seed=5)).any()
