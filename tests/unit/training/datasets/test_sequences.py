"""The order in which everybody did what they did."""

from __future__ import annotations

import numpy as np

from training.benchmark.log import Catalogue, Clock, Log
from training.benchmark.log import interactions as of_log
from training.datasets.interactions import NEVER, Interactions
from training.datasets.sequences import ages, sequences

USERS = np.array([0, 1, 0, 1, 0])
ITEMS = np.array([2, 0, 1, 2, 0])


def _log(time: list[float], clock: Clock) -> Interactions:
    return of_log(Log(USERS, ITEMS, np.array(time), clock), Catalogue(np.arange(3), np.arange(3)))


def test_steps_of_a_file_are_the_order_of_each_user() -> None:
    found = sequences(_log([0, 1, 2, 3, 4], Clock.STEPS))
    assert found.take(np.array([0])).rows.tolist() == [2, 1, 0]
    assert found.take(np.array([1])).rows.tolist() == [0, 2]
    assert found.lengths.tolist() == [3, 2, 0]


def test_moments_order_what_happened_on_one_day() -> None:
    found = sequences(_log([30.5, 90, 30.25, 80, 10], Clock.TIMES))
    assert found.rows.tolist() == [0, 1, 2, 2, 0]


def test_interest_of_a_day_comes_before_what_was_taken_on_it() -> None:
    day = 86_400_000_000
    taken_at = np.array([NEVER, 5, day + 3])
    made = Interactions.of(["u"] * 3, ["c", "b", "a"], np.array([0, 0, 1]), np.ones(3), taken_at)
    assert made.item_ids[sequences(made).rows].tolist() == ["c", "b", "a"]


def test_an_item_of_two_days_comes_twice() -> None:
    made = Interactions.of(["u"] * 3, ["a", "b", "a"], np.array([0, 1, 2]), np.ones(3))
    assert made.item_ids[sequences(made).rows].tolist() == ["a", "b", "a"]


def test_the_newest_item_of_each_user_has_age_0() -> None:
    assert ages(sequences(_log([0, 1, 2, 3, 4], Clock.STEPS))).tolist() == [2, 1, 0, 1, 0]
