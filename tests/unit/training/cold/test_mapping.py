"""The map from content to vectors: what it must give whatever it learns from."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from training.cold.mapping import learn


@given(seed=st.integers(0, 2**32 - 1), factor=st.floats(0.5, 4.0))
def test_a_map_times_a_factor_gives_vectors_so_many_times_as_long(seed: int, factor: float) -> None:
    random = np.random.default_rng(seed)
    features = sp.random(20, 5, 0.5, format="csr", random_state=random)
    found = learn(features, random.standard_normal((20, 3)), 1.0)
    assert np.allclose(
        found.times(factor).vectors(features), factor * found.vectors(features), rtol=1e-4, atol=1e-5
    )


def test_where_content_says_all_it_is_learnt_and_where_it_says_nothing_the_mean_is_given() -> None:
    groups = np.repeat(np.arange(3), 100)
    features = sp.csr_matrix(np.eye(3, 4)[groups])
    vectors = np.random.default_rng(0).standard_normal((3, 8))[groups]
    taught = learn(features, vectors, 1e-3)
    assert np.allclose(taught.vectors(features), vectors, atol=1e-2)
    of_nothing = taught.vectors(sp.csr_matrix((1, 4)))
    assert np.allclose(of_nothing, vectors.mean(axis=0), atol=0.05)
    never_seen = taught.vectors(sp.csr_matrix([[0, 0, 0, 1.0]]))
    assert np.array_equal(never_seen, of_nothing)
