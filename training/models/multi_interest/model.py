"""Several interests a user: a history that is of two minds is not averaged into one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import torch

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions
from training.datasets.sequences import sequences
from training.models.device import device_of
from training.models.multi_interest.config import Config
from training.models.multi_interest.network import Network
from training.models.sequential.fit import Training, looked_for


class MultiInterest:
    """An item's score is its product with the interest that it fits best.

    Attributes after `fit`: `interests` [U, K, d] and `item_vectors` [I, d]. A search of an index finds what
    is near one vector, so that a user takes K searches of one index of `item_vectors`; without any history a
    user's interests are 0.
    """

    name: ClassVar[str] = "multi_interest"

    interests: FloatArray
    item_vectors: FloatArray

    def __init__(
        self,
        config: Config | None = None,
        seed: int = 0,
        device: str | None = None,
        checkpoints: Path | None = None,
        progress: Callable[[str], None] = lambda message: None,
    ) -> None:
        """`checkpoints` is a folder: training that was stopped goes on from there, to the same model."""
        self.config = config or Config()
        self._training = Training(
            self.name,
            self.config,
            lambda items: Network(self.config, items),
            _best_of,
            seed,
            device_of(device),
            checkpoints,
            progress,
        )

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        """Early stopping looks at the last items of some users, which are cut from `interactions`."""
        walked, items = sequences(interactions), interactions.shape[1]
        network = self._training.run(walked, items)
        with torch.inference_mode():
            self.item_vectors = network.targets().cpu().numpy()
        self.interests = looked_for(network, walked, self.config.longest)
        return self

    def scores(self, users: IntArray) -> FloatArray:
        return _best_of(self.interests[users], self.item_vectors)


def _best_of(interests: FloatArray, items: FloatArray) -> FloatArray:
    """[n, I] the largest product of each item with any of the interests [n, K, d]."""
    best: FloatArray = interests[:, 0] @ items.T
    for number in range(1, interests.shape[1]):
        np.maximum(best, interests[:, number] @ items.T, out=best)
    return best
