"""Several interests a user: a history that is of two minds is not averaged into one."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Self

import numpy as np

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions
from training.models.multi_interest.config import Config
from training.models.multi_interest.network import Network
from training.models.sequential.fit import Training
from training.models.trained import Trained


class MultiInterest(Trained[Config]):
    """An item's score is its product with the interest that it fits best.

    Attributes after `fit`: `interests` [U, K, d] and `item_vectors` [I, d]. A search of an index finds what
    is near one vector, so that a user takes K searches of one index of `item_vectors`; without any history a
    user's interests are 0.
    """

    name: ClassVar[str] = "multi_interest"
    defaults = Config

    interests: FloatArray
    item_vectors: FloatArray

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        training = Training(self.name, self, partial(Network, self.config), _best_of)
        self.interests, self.item_vectors = training.fit(interactions)
        return self

    def scores(self, users: IntArray) -> FloatArray:
        return _best_of(self.interests[users], self.item_vectors)


def _best_of(interests: FloatArray, items: FloatArray) -> FloatArray:
    """[n, I] the largest product of each item with any of the interests [n, K, d]."""
    best: FloatArray = interests[:, 0] @ items.T
    for number in range(1, interests.shape[1]):
        np.maximum(best, interests[:, number] @ items.T, out=best)
    return best
