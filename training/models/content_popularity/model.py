"""Popularity of the mix of categories: what an item that nobody met yet may be expected to reach."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp

from recolake.errors import InvalidInputError
from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.features import Features
from training.datasets.interactions import Interactions
from training.models.content_popularity.config import Config


class ContentPopularity:
    """The baseline for items without history: how many people known items of the same categories have.

    That is their mean. A mix that no known item has counts what its categories do, each by its own mean; an
    item of no category what all items do.
    """

    name: ClassVar[str] = "content_popularity"

    def __init__(self, items: Features | None, config: Config | None = None) -> None:
        """Raises InvalidInputError where no categories of items are known."""
        if items is None or not items.kinds.any():
            raise InvalidInputError("No categories of items are known.", hint="Give a file with --items.")
        self.config = config or Config()
        self._items = items

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        held = self._items.categories(interactions.item_ids)
        people = np.asarray(interactions.taken.sum(axis=0), dtype=np.float64).ravel()
        known = np.flatnonzero(people > 0)
        everywhere = people[known].mean()
        expected = _by_category(held, people, known, everywhere)
        mixes = _mixes(held)
        count = np.bincount(mixes[known], minlength=mixes.max() + 1)[mixes]
        total = np.bincount(mixes[known], weights=people[known], minlength=mixes.max() + 1)[mixes]
        shrinkage = self.config.shrinkage
        mean = (total + shrinkage * expected) / np.maximum(count + shrinkage, 1e-12)
        self._level = np.where(count > 0, mean, expected).astype(np.float32)
        return self

    def scores(self, users: IntArray) -> FloatArray:
        return np.tile(self._level, (len(users), 1))


def _by_category(held: sp.csr_matrix, people: np.ndarray, known: IntArray, everywhere: float) -> np.ndarray:
    """[I] the mean over an item's categories of the mean people of the known items of each."""
    ones = (held > 0).astype(np.float64)
    count = np.asarray(ones[known].sum(axis=0)).ravel()
    total = np.asarray(people[known] @ ones[known]).ravel()
    mean = np.where(count > 0, total / np.maximum(count, 1), everywhere)
    lengths = np.asarray(ones.sum(axis=1)).ravel()
    found: np.ndarray = np.where(lengths > 0, ones @ mean / np.maximum(lengths, 1), everywhere)
    return found


def _mixes(held: sp.csr_matrix) -> IntArray:
    """[I] the same number for items of the same categories.

    A random number each, added up in the same order: two mixes agree by chance about as often as two UUIDs.
    """
    ones = (held > 0).astype(np.float64)
    ones.sort_indices()
    sums = ones @ np.random.default_rng(0).random(ones.shape[1])
    return np.unique(sums, return_inverse=True)[1].astype(np.int64)
