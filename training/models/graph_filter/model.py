"""A graph filter: a user's items, smoothed over the graph, are what the user would like."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions
from training.models.graph_filter.config import Config
from training.models.graph_filter.spectrum import Spectrum, normalised, spectrum

# So few that the whole filter [I, I] is made once, 256 MiB; a history then costs one sparse product.
_MOST_ITEMS_AT_ONCE = 8_192


class Spectra:
    """Keeps the last spectrum: trials that change only the filter need no new one."""

    def __init__(self) -> None:
        self._of: tuple[Interactions, float, float, int] | None = None
        self._found: Spectrum | None = None

    def of(self, interactions: Interactions, config: Config, seed: int) -> Spectrum:
        """With at least `config.rank` vectors, or all there are."""
        if self._found is not None and self._of is not None:
            about, user_exponent, item_exponent, made_with = self._of
            same = about is interactions and made_with == seed
            exponents = (config.user_exponent, config.item_exponent) == (user_exponent, item_exponent)
            enough = self._found.vectors.shape[1] >= min(config.rank, *interactions.shape)
            if same and exponents and enough:
                return self._found
        seen = interactions.strength(0).astype(np.float32)
        seen.data[:] = 1.0
        matrix = normalised(seen, config.user_exponent, config.item_exponent)
        self._found = spectrum(matrix, config.rank, seed)
        self._of = (interactions, config.user_exponent, config.item_exponent, seed)
        return self._found


class GraphFilter:
    """Scores are a polynomial of first degree of the item graph, and an ideal pass of its smoothest signals.

    With the normalised adjacency R [U, I], over its largest singular value, whose leading right singular
    vectors are V, a history x is filtered by R'R + w VV'.
    """

    name: ClassVar[str] = "graph_filter"

    def __init__(self, config: Config | None = None, seed: int = 0, spectra: Spectra | None = None) -> None:
        self.config = config or Config()
        self.seed = seed
        self._spectra = spectra or Spectra()

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        self._spectrum = self._spectra.of(interactions, self.config, self.seed)
        self._weighted = self._spectrum.vectors[:, : self.config.rank] * np.float32(self.config.ideal_weight)
        self._whole: FloatArray | None = None
        if interactions.shape[1] <= _MOST_ITEMS_AT_ONCE:
            self._whole = np.asarray(self._spectrum.product + self._weighted @ self._vectors.T, np.float32)
        history = interactions.strength(as_of, self.config.half_life_days)
        history.data = np.minimum(history.data, 1.0)
        people = np.maximum(np.bincount(history.indices, minlength=history.shape[1]), 1.0)
        self._gain = (people**self.config.popularity_exponent).astype(np.float32)
        self._history = (history @ sp.diags(1.0 / self._gain)).tocsr().astype(np.float32)
        return self

    def scores(self, users: IntArray) -> FloatArray:
        history = self._history[users]
        scores: FloatArray
        if self._whole is not None:
            scores = history @ self._whole
        else:
            scores = ((history @ self._spectrum.adjacency.T) @ self._spectrum.adjacency).toarray()
            if self.config.ideal_weight:
                scores += (history @ self._weighted) @ self._vectors.T
        scores *= self._gain
        return scores

    @property
    def _vectors(self) -> FloatArray:
        return self._spectrum.vectors[:, : self.config.rank]
