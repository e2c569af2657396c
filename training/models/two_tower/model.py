"""Two towers: vectors of users from what they took and what they are, and of items from ids and features."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.features import NOTHING, Described, Features
from training.datasets.ids import StrArray
from training.datasets.interactions import Interactions
from training.models.checkpoint import Checkpoint
from training.models.held_out import held_out
from training.models.trained import Trained, quiet
from training.models.two_tower.bags import Bags
from training.models.two_tower.config import Config
from training.models.two_tower.network import Network, Sides
from training.models.two_tower.start import start
from training.models.two_tower.training import Training, vectors


class TwoTower(Trained[Config]):
    """Attributes after `fit`: `user_vectors` [U, d + 1] and `item_vectors` [I, d + 1], float32; a score is
    their product. The last number is 1 for users and the level of the item. `training` says how it went.

    Items without history have the vector of their features, and so have users; where there are no features
    either, it says nothing: an item is then one of average popularity, a user one of average taste.
    Some items of at most a thousand users are held out while learning and say when to stop; the vectors of
    users are made of their whole histories.
    """

    name: ClassVar[str] = "two_tower"
    defaults = Config

    user_vectors: FloatArray
    item_vectors: FloatArray
    training: Training

    def __init__(
        self,
        config: Config | None = None,
        seed: int = 0,
        device: str | None = None,
        checkpoints: Path | None = None,
        progress: Callable[[str], None] = quiet,
        described: Described = NOTHING,
    ) -> None:
        super().__init__(config, seed, device, checkpoints, progress)
        self._described = described

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        seen = interactions.met.astype(np.float32)
        users = _features(self._described.users, interactions.user_ids)
        items = _features(self._described.items, interactions.item_ids)
        left, held = held_out(seen, self.seed, self.device)
        sides = Sides(Bags.of(users, self.device), Bags.of(items, self.device))
        network = Network(sides, start(left, users, items, self.config.dimension, self.seed)).to(self.device)
        self.training = Training(self.config, network, Bags.of(left, self.device), held, self.seed)
        checkpoint = self._checkpoint(seen, users, items)
        self.training.run(checkpoint, lambda message: self.progress(f"{self.name} {message}"))
        found = vectors(network, Bags.of(seen, self.device), self.config.batch_users)
        self.user_vectors, self.item_vectors = (side.cpu().numpy() for side in found)
        return self

    def scores(self, users: IntArray) -> FloatArray:
        scores: FloatArray = self.user_vectors[users] @ self.item_vectors.T
        return scores

    def _checkpoint(self, *matrices: sp.csr_matrix) -> Checkpoint | None:
        if self.checkpoints is None:
            return None
        parts: list[IntArray | int] = []
        for matrix in matrices:
            values = matrix.data.astype(np.float32).view(np.int32)
            parts += [matrix.indptr, matrix.indices, values, *matrix.shape]
        return Checkpoint.of(self.checkpoints, self.name, self.config, self.seed, parts)


def _features(features: Features | None, ids: StrArray) -> sp.csr_matrix:
    if features is None:
        return sp.csr_matrix((len(ids), 0), dtype=np.float32)
    return features.of(ids)
