"""The best come as a full sort would bring them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recolake.ranking.order import best_first

SCORES = [-np.inf, -3.5, -1e-30, -0.0, 0.0, 1e-30, 0.5, 0.5, 2.0, 1e30]


@given(
    st.integers(1, 4),
    st.integers(1, 40),
    st.integers(1, 50),
    st.integers(0, 1_000),
)
def test_best_first_is_a_full_sort_cut(users: int, columns: int, count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.choice(SCORES, (users, columns)).astype(np.float32)
    place = random.permuted(np.tile(np.arange(columns), (users, 1)), axis=1)
    expected = np.lexsort((place, -scores), axis=1)[:, :count]
    np.testing.assert_array_equal(best_first(scores, place, count), expected)
