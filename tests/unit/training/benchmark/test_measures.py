"""Lists and metrics against second, plain implementations that go user by user."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from recolake.ranking.retrieval import NO_ITEM
from training.benchmark.log import Catalogue, Clock, Log
from training.benchmark.measures import measure, per_user, quality
from training.benchmark.problem import Problem, Target, pose, ragged
from training.benchmark.ranking import ranked, top

USERS, ITEMS = 6, 9
_ROW = st.lists(st.sampled_from([-np.inf, -1.5, -0.0, 0.0, 2.0, 1e30]), min_size=7, max_size=7)
_PAIRS = st.sets(st.tuples(st.integers(0, USERS - 1), st.integers(0, ITEMS - 1)), min_size=1)


def _log(pairs: set[tuple[int, int]]) -> Log:
    user, item = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2).T
    return Log(user, item, np.zeros(len(user)), Clock.NONE)


def _problem(train: set[tuple[int, int]], test: set[tuple[int, int]], target: Target) -> Problem:
    return pose(Catalogue(np.arange(USERS), np.arange(ITEMS)), _log(train), _log(test), target)


def _plain_list(problem: Problem, train: set[tuple[int, int]], scores: np.ndarray, user: int) -> list[int]:
    people = [sum(item == other for _, other in train) for item in range(ITEMS)]
    allowed = [
        item
        for item in range(ITEMS)
        if people[item] and not (problem.target is Target.NEW and (user, item) in train)
    ]
    return sorted(allowed, key=lambda item: (-scores[user, item], -people[item], item))


@given(train=_PAIRS, test=_PAIRS, target=st.sampled_from(Target), k=st.integers(1, ITEMS + 2), data=st.data())
@settings(deadline=None)
def test_metrics_agree_with_a_loop_over_users(
    train: set[tuple[int, int]], test: set[tuple[int, int]], target: Target, k: int, data: st.DataObject
) -> None:
    problem = _problem(train, test, target)
    levels = data.draw(st.lists(st.integers(-2, 2), min_size=USERS * ITEMS, max_size=USERS * ITEMS))
    scores = np.array(levels, dtype=np.float32).reshape(USERS, ITEMS)
    rows = ranked(problem, lambda users: scores[users].copy(), problem.measured, k)
    found = per_user(problem, rows, problem.measured, (k,))
    learners = len({user for user, _ in train})
    for place, user in enumerate(problem.measured.tolist()):
        expected = _plain_list(problem, train, scores, user)[:k]
        assert [item for item in rows[place].tolist() if item != NO_ITEM] == expected
        held = {item for other, item in test if other == user}
        if target is Target.NEW:
            held -= {item for other, item in train if other == user}
        gains = [1 / math.log2(at + 2) for at, item in enumerate(expected) if item in held]
        ideal = sum(1 / math.log2(at + 2) for at in range(min(k, len(held))))
        hit_at = [at for at, item in enumerate(expected) if item in held]
        bits = [-math.log2(sum(item == other for _, other in train) / learners) for item in expected]
        assert found[f"ndcg@{k}"][place] == pytest.approx(sum(gains) / ideal)
        assert found[f"recall@{k}"][place] == pytest.approx(len(hit_at) / len(held))
        assert found[f"hr@{k}"][place] == bool(hit_at)
        assert found[f"mrr@{k}"][place] == pytest.approx(1 / (hit_at[0] + 1) if hit_at else 0)
        assert found[f"novelty@{k}"][place] == pytest.approx(sum(bits) / len(bits) if bits else 0)


def test_ndcg_agrees_with_scikit_learn() -> None:
    random = np.random.default_rng(0)
    scores = random.random((USERS, ITEMS)).astype(np.float32)
    truth = random.random((USERS, ITEMS)) < 0.4
    truth[:, 0] |= ~truth.any(axis=1)
    everything = {(USERS, item) for item in range(ITEMS)}
    catalogue = Catalogue(np.arange(USERS + 1), np.arange(ITEMS))
    held = _log({(int(user), int(item)) for user, item in zip(*truth.nonzero(), strict=True)})
    problem = pose(catalogue, _log(everything), held, Target.NEW)
    for k in (1, 3, ITEMS):
        rows = ranked(problem, lambda users: scores[users].copy(), problem.measured, k)
        found = quality(problem, rows, problem.measured, (k,)).mean()
        assert found == pytest.approx(ndcg_score(truth.astype(float), scores, k=k))


@given(
    levels=st.lists(_ROW, min_size=1),
    order=st.permutations(range(7)),
    k=st.integers(1, 9),
)
@settings(deadline=None)
def test_the_best_are_exact_and_equals_come_in_the_order_given(
    levels: list[list[float]], order: list[int], k: int
) -> None:
    found = top(np.array(levels, dtype=np.float32), np.array(order), k)
    for row, scores in zip(found.tolist(), levels, strict=True):
        allowed = [item for item in order if scores[item] > -np.inf]
        expected = sorted(allowed, key=lambda item: -scores[item])[:k]
        assert row == expected + [NO_ITEM] * (k - len(expected))


def test_only_the_candidates_of_a_user_are_ranked() -> None:
    log = _log({(0, 0), (1, 1), (1, 2), (2, 3)})
    held = _log({(0, 5), (1, 6)})
    candidates = ragged(np.array([0, 0, 1, 1]), np.array([5, 7, 6, 8]), USERS)
    catalogue = Catalogue(np.arange(USERS), np.arange(ITEMS))
    problem = pose(catalogue, log, held, Target.NEW, candidates)
    rows = ranked(problem, lambda users: np.zeros((len(users), ITEMS), np.float32), problem.asked, 3)
    assert rows.tolist() == [[5, 7, NO_ITEM], [6, 8, NO_ITEM]]


def test_the_order_of_equals_does_not_know_which_item_is_held_out() -> None:
    train = {(user, item) for user in range(2, USERS) for item in range(ITEMS)} | {(0, 0), (1, 0)}
    lists = []
    for held in (3, 8):
        problem = _problem(train, {(0, held)}, Target.NEW)
        rows = ranked(problem, lambda users: np.ones((len(users), ITEMS), np.float32), problem.asked, 5)
        lists.append(rows.tolist())
    assert lists[0] == lists[1]


def test_intervals_enclose_the_means_and_repeat_with_the_seed() -> None:
    random = np.random.default_rng(1)
    train = {(int(u), int(i)) for u, i in random.integers([USERS, ITEMS], size=(25, 2))}
    problem = _problem(train, {(u, i) for u in range(USERS) for i in range(0, ITEMS, 2)}, Target.ALL)
    rows = ranked(problem, lambda users: random.random((len(users), ITEMS), np.float32), problem.measured, 4)
    first, second = (measure(problem, rows, problem.measured, (2, 4), seed=5) for _ in range(2))
    assert first.metrics == second.metrics
    means = [found for name, found in first.metrics.items() if "coverage" not in name]
    assert all(found.low <= found.value <= found.high for found in means)
    assert first.metrics["coverage@4"].value == len(set(rows[rows >= 0].tolist())) / ITEMS
