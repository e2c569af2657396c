"""A trend is what became more popular than it was, not what is popular, and not what is rare."""

from __future__ import annotations

import numpy as np

from recolake.ranking.popularity import Popularity


def test_what_rose_comes_before_what_was_always_popular_and_what_fell_comes_last() -> None:
    board = Popularity.of(np.log2(np.array([100.0, 40.0, 1.0, 20.0])), span=8.0)
    lift = board.lift(np.array([1000.0, 50.0, 10.0, 900.0]))
    assert np.argsort(-lift).tolist() == [1, 0, 2, 3]
    assert lift[1] > 0 > lift[3]


def test_one_event_of_a_rare_item_is_no_trend() -> None:
    now = np.array([*[100.0] * 50, 1.0])
    lift = Popularity.of(np.log2(now), span=8.0).lift(np.array([*[100.0] * 50, 0.0]))
    assert lift[-1] < 0.1


def test_where_nothing_is_popular_nothing_trends() -> None:
    board = Popularity.of(np.full(3, -np.inf), span=8.0)
    assert board.share.tolist() == [0, 0, 0]
    assert board.lift(np.zeros(3)).tolist() == [0, 0, 0]


def test_items_that_came_since_are_the_last_of_the_board_and_no_trend() -> None:
    board = Popularity.of(np.log2([1.0, 8.0, 4.0]), span=8.0)
    longer = board.with_length(5)
    assert longer.order.tolist() == [1, 2, 0, 3, 4]
    assert longer.share.tolist() == [*board.share.tolist(), 0, 0]
    assert longer.lift(np.zeros(5))[3:].tolist() == [0, 0]
    again = longer.with_length(3)
    assert (again.order.tolist(), again.share.tolist()) == (board.order.tolist(), board.share.tolist())
