"""A graph filter: a user's items, smoothed over the graph, are what the user would like."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp
import torch

from recolake.ranking.evidence import Evidence
from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions
from training.models.graph_filter.config import Config
from training.models.graph_filter.spectrum import Spectrum, normalised, spectrum

# So few that the whole filter [I, I] is made once, 64 MiB; a history then costs one sparse product.
_MOST_ITEMS_AT_ONCE = 4_096
# What is smaller is no eigenvalue but rounding.
_SMALLEST = 1e-6


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
    """Filters a history by a curve over the spectrum of the item graph.

    With the normalised adjacency R [U, I], over its largest singular value, the item graph is R'R, with
    eigenvalues s and eigenvectors V. Of the leading ones a share of s / (s + cutoff) passes, exactly: what
    would take a polynomial of high degree, and so many sparse products for every user, takes two dense ones.
    All others pass by a polynomial of the second degree, which begins at 0 and, at the smallest leading
    eigenvalue, is `tail` and `bend` together times the curve. A matrix of all items by all is made only where
    they are few; else the products are taken for the users who are asked about.

    It has vectors of users and items only as far as the leading signals go: `user_vectors` [U, d] and
    `item_vectors` [I, d] give the scores where `tail` and `bend` are 0, and their smooth part elsewhere.
    """

    name: ClassVar[str] = "graph_filter"

    def __init__(self, config: Config | None = None, seed: int = 0, spectra: Spectra | None = None) -> None:
        self.config = config or Config()
        self.seed = seed
        self._spectra = spectra or Spectra()

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        self._spectrum = self._spectra.of(interactions, self.config, self.seed)
        self._vectors = self._spectrum.vectors[:, : self.config.rank]
        values = self._spectrum.values[: self.config.rank]
        self._passes = values / (values + np.float32(self.config.cutoff))
        last = max(float(values[-1]), _SMALLEST)
        self._linear = np.float32(self.config.tail * self._passes[-1] / last)
        self._square = np.float32(self.config.bend * self._passes[-1] / last**2)
        self._weights = self._passes - (self._linear + self._square * values) * values
        self._whole = self._matrix() if interactions.shape[1] <= _MOST_ITEMS_AT_ONCE else None
        history = interactions.strength(as_of, self.config.half_life_days)
        history.data = np.minimum(history.data, 1.0)
        self._as_taken = history
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
            scores = ((history @ self._vectors) * self._weights) @ self._vectors.T
            scores += self._polynomial(history)
        scores *= self._gain
        return scores

    def _polynomial(self, history: sp.csr_matrix) -> FloatArray:
        """[n, I] the histories [n, I] by the polynomial of the item graph, without the matrix of it."""
        if not self._linear and not self._square:
            return np.zeros(history.shape, np.float32)
        adjacency = self._spectrum.adjacency
        once: FloatArray = ((history @ adjacency.T) @ adjacency).toarray()
        if not self._square:
            return once * self._linear
        forward, backward = self._spectrum.tensors
        twice = backward @ (forward @ torch.from_numpy(np.ascontiguousarray(once.T)))
        once *= self._linear
        once += twice.numpy().T * self._square
        return once

    def _matrix(self) -> FloatArray:
        """[I, I] the whole filter."""
        whole = (self._vectors * self._weights) @ self._vectors.T
        whole += self._linear * self._spectrum.product
        if self._square:
            whole += self._square * self._spectrum.square
        return np.asarray(whole, np.float32)

    @property
    def user_vectors(self) -> FloatArray:
        vectors: FloatArray = (self._history @ self._vectors) * np.sqrt(self._passes)
        return vectors

    def evidence(self, interactions: Interactions, as_of: int) -> Evidence:
        """What `fit` made each user vector of, given the same: a sum of vectors of items.

        Both a history and the vectors of items hold the gain of popular items, the one inversely.
        """
        weights = self._as_taken.data / self._gain[self._as_taken.indices].astype(np.float64) ** 2
        history = self._as_taken
        return Evidence.of(interactions.user_ids.tolist(), history.indptr, history.indices, weights, None)

    @property
    def item_vectors(self) -> FloatArray:
        vectors: FloatArray = self._vectors * np.sqrt(self._passes) * self._gain[:, None]
        return vectors
