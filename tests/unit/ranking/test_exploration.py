"""Chance gives places with the chances that are written down."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from recolake.ranking.exploration import explore
from recolake.ranking.ranking import Ranking
from recolake.ranking.retrieval import NO_ITEM


def _ranking(rows: list[int]) -> Ranking:
    shape = (1, len(rows))
    return Ranking(np.array([rows]), np.zeros(shape, np.float32), np.zeros(shape, np.int8))


def test_without_chance_the_best_come_in_order_and_surely() -> None:
    found, chances = explore(_ranking([5, 3, 9, NO_ITEM]), 2, 0.0, np.random.default_rng(1))
    assert found.listed(0) == [5, 3]
    assert chances == (1.0, 1.0)


def test_no_list_has_an_item_twice_or_more_items_than_there_are() -> None:
    found, chances = explore(_ranking([5, 3, 9, NO_ITEM]), 10, 1.0, np.random.default_rng(1))
    assert sorted(found.listed(0)) == [3, 5, 9]
    assert chances == pytest.approx((1 / 3, 1 / 2, 1.0))


def test_lists_come_as_often_as_their_items_propensities_multiply_to() -> None:
    random, draws = np.random.default_rng(7), 20_000
    seen: Counter[tuple[int, ...]] = Counter()
    said: dict[tuple[int, ...], float] = {}
    for _ in range(draws):
        found, chances = explore(_ranking([0, 1, 2, 3]), 2, 0.4, random)
        listed = tuple(found.listed(0))
        seen[listed] += 1
        said[listed] = float(np.prod(chances))
    assert len(said) == 12
    assert sum(said.values()) == pytest.approx(1)
    for listed, chance in said.items():
        assert seen[listed] / draws == pytest.approx(chance, abs=5 * np.sqrt(chance / draws))
