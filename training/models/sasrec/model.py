"""SASRec: what a user does next, from the order of what they did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Self

import torch

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions
from training.datasets.sequences import sequences
from training.models.device import device_of
from training.models.sasrec.config import Config
from training.models.sasrec.network import Network
from training.models.sequential.fit import Training, looked_for


class SasRec:
    """Attributes after `fit`: `user_vectors` [U, d] and `item_vectors` [I, d]; a score is their product.

    A user's vector is what the network looks for after all they did; without any history it is 0.
    """

    name: ClassVar[str] = "sasrec"

    user_vectors: FloatArray
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
            _products,
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
        self.user_vectors = looked_for(network, walked, self.config.longest)
        return self

    def scores(self, users: IntArray) -> FloatArray:
        return _products(self.user_vectors[users], self.item_vectors)


def _products(looked: FloatArray, items: FloatArray) -> FloatArray:
    scores: FloatArray = looked @ items.T
    return scores
