"""SASRec: what a user does next, from the order of what they did."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Self

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions
from training.models.sasrec.config import Config
from training.models.sasrec.network import Network
from training.models.sequential.fit import Training
from training.models.trained import Trained


class SasRec(Trained[Config]):
    """Attributes after `fit`: `user_vectors` [U, d] and `item_vectors` [I, d]; a score is their product.

    A user's vector is what the network looks for after all they did; without any history it is 0.
    """

    name: ClassVar[str] = "sasrec"
    defaults = Config

    user_vectors: FloatArray
    item_vectors: FloatArray

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        training = Training(self.name, self, partial(Network, self.config), _products)
        self.user_vectors, self.item_vectors = training.fit(interactions)
        return self

    def scores(self, users: IntArray) -> FloatArray:
        return _products(self.user_vectors[users], self.item_vectors)


def _products(looked: FloatArray, items: FloatArray) -> FloatArray:
    scores: FloatArray = looked @ items.T
    return scores
