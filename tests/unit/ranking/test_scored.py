"""What a list of items with known scores promises, whatever the scores and the rules."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recolake.ranking import scored
from recolake.ranking.reasons import REASONS, Reason
from recolake.ranking.rules.rules import Diversity, Rules
from recolake.ranking.scored import rank_scored


def _catalogue(seed: int) -> tuple[np.random.Generator, np.ndarray, np.ndarray, np.ndarray]:
    """Scores of which many are equal and some are none, places, vectors."""
    random = np.random.default_rng(seed)
    items = int(random.integers(1, 300))
    scores = random.integers(-3, 4, items).astype(np.float32)
    scores[random.random(items) < 0.2] = -np.inf
    return random, scores, random.permutation(items), random.standard_normal((items, 4)).astype(np.float32)


@given(seed=st.integers(0, 10_000), k=st.integers(1, 40), depth=st.integers(1, 60))
@settings(max_examples=60)
def test_it_is_the_sorted_catalogue_cut_off_after_k_and_equal_ones_come_by_place(
    seed: int, k: int, depth: int
) -> None:
    random, scores, place, vectors = _catalogue(seed)
    eligible = random.random(len(scores)) < 0.5
    reasons = np.full(len(scores), REASONS.index(Reason.TRENDING_NOW), dtype=np.int8)
    before, scored._DEPTH = scored._DEPTH, depth
    try:
        plain = rank_scored(scores, reasons, place, vectors, k)
        ruled = rank_scored(scores, reasons, place, vectors, k, Rules(eligible))
    finally:
        scored._DEPTH = before
    for found, may in ((plain, np.isfinite(scores)), (ruled, np.isfinite(scores) & eligible)):
        order = [row for row in np.lexsort((place, -scores)).tolist() if may[row]]
        assert found.listed(0) == order[:k]
        assert found.rows.shape == (1, k)
        assert all(found.reason(0, n) is Reason.TRENDING_NOW for n in range(len(found.listed(0))))


@given(seed=st.integers(0, 10_000), k=st.integers(1, 40), most=st.integers(1, 3))
@settings(max_examples=40)
def test_a_cap_leaves_as_many_as_there_can_be(seed: int, k: int, most: int) -> None:
    random, scores, place, vectors = _catalogue(seed)
    groups = random.integers(-1, 5, len(scores)).astype(np.int32)
    rules = Rules(diversity=Diversity(0.0, groups, most))
    shown = rank_scored(scores, np.zeros(len(scores), np.int8), place, vectors, k, rules).listed(0)
    counts = np.bincount(groups[np.isfinite(scores)] + 1, minlength=6)
    assert len(shown) == min(k, counts[0] + np.minimum(counts[1:], most).sum())
    assert (np.bincount(groups[shown] + 1, minlength=6)[1:] <= most).all()
