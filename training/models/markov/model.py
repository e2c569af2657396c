"""A Markov chain over items: what came after what somebody did last, elsewhere."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from recolake.ranking.ragged import Ragged
from training.datasets.interactions import Interactions
from training.datasets.sequences import ages, sequences
from training.models.markov.config import Config
from training.models.markov.pairs import pairs
from training.models.memo import Memo

# What is below, beside the newest item's 1, changes no ranking.
_LEAST_SPOKEN = 1e-3


class Markov:
    """Nearby pairs, counted; of first order as in FPMC (Rendle et al., WWW 2010), but not factorised.

    Attributes after `fit`: `transitions` [I, I] sparse, from the row's item to the column's.
    """

    name: ClassVar[str] = "markov"

    transitions: sp.csr_matrix

    def __init__(self, config: Config | None = None, memo: Memo[sp.csr_matrix] | None = None) -> None:
        self.config = config or Config()
        self._memo: Memo[sp.csr_matrix] = memo or Memo()

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        config, walked = self.config, sequences(interactions)
        key = (config.reach, config.reach_decay, config.backward)
        near = self._memo.of(interactions, key, lambda: pairs(walked, interactions.shape[1], *key))
        leaving = np.maximum(np.asarray(near.sum(axis=1), dtype=np.float64).ravel(), 1e-9)
        events = np.maximum(np.bincount(walked.rows, minlength=near.shape[1]), 1.0)
        gain = sp.diags(events**-config.popularity_exponent)
        self.transitions = (sp.diags(leaving**-config.source_exponent) @ near @ gain).astype(np.float32)
        self._spoken = _spoken(walked, interactions.shape, config.history_decay)
        return self

    def scores(self, users: IntArray) -> FloatArray:
        scores: FloatArray = (self._spoken[users] @ self.transitions).toarray()
        return scores


def _spoken(walked: Ragged, shape: tuple[int, int], decay: float) -> sp.csr_matrix:
    """[U, I] how loudly each item of a history speaks: the newest counts 1."""
    weight = np.power(decay, ages(walked).astype(np.float64)).astype(np.float32)
    heard = weight >= _LEAST_SPOKEN
    places = (walked.owners[heard], walked.rows[heard])
    return sp.csr_matrix((weight[heard], places), shape=shape)
