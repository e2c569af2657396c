"""An item counts what its mix of categories does."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from recolake.errors import InvalidInputError
from training.datasets.features import Features
from training.datasets.ids import Ids
from training.datasets.interactions import Interactions
from training.models.content_popularity.config import Config
from training.models.content_popularity.model import ContentPopularity

# Of items a to f; f is in no file, e has a mix that no known item has, d nobody met.
MIXES = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 0]], dtype=np.float32)
CATEGORIES = Features(
    np.array(list("abcde")), sp.csr_matrix(MIXES[:5]), ("x", "y", "z"), np.ones(3, dtype=np.bool_)
)


def _met() -> Interactions:
    """Four people had a, two had b, one had c."""
    user, item = np.array([0, 1, 2, 3, 0, 1, 2]), np.array([0, 0, 0, 0, 1, 1, 2])
    users, items = Ids(np.array(list("uvwx")), user), Ids(np.array(list("abcdef")), item)
    return Interactions.of(users, items, np.zeros(7, dtype=int), np.ones(7, np.float32))


def test_an_item_counts_the_mean_of_its_mix_and_a_new_mix_the_mean_of_its_categories() -> None:
    scores = ContentPopularity(CATEGORIES).fit(_met(), 0).scores(np.arange(2))
    np.testing.assert_allclose(scores, np.tile([3, 3, 1, 3, 1, 7 / 3], (2, 1)), rtol=1e-6)


def test_shrinkage_adds_items_of_an_average_mix() -> None:
    items = Features(
        np.array(list("abcdef")),
        sp.csr_matrix(np.array([[1, 0], [1, 1], [1, 1], [1, 0], [0, 1], [0, 1]], np.float32)),
        ("x", "y"),
        np.ones(2, dtype=np.bool_),
    )
    found = ContentPopularity(items, Config(shrinkage=2.0)).fit(_met(), 0).scores(np.array([0]))[0]
    of_x, of_y = 7 / 3, 3 / 2
    assert found[0] == pytest.approx((4 + 2 * of_x) / 3)
    assert found[1] == pytest.approx((2 + 1 + 2 * (of_x + of_y) / 2) / 4)


@pytest.mark.parametrize(
    "items", [None, Features(np.array(["a"]), sp.csr_matrix((1, 0)), (), np.zeros(0, bool))]
)
def test_without_categories_it_says_what_it_needs(items: Features | None) -> None:
    with pytest.raises(InvalidInputError, match="No categories of items"):
        ContentPopularity(items)
