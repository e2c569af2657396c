"""The second stage: the order of candidates, learnt from what happened to candidates of the past."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions
from training.models.second_stage.candidates import Candidates, Scout
from training.models.second_stage.config import Config
from training.models.second_stage.examples import examples
from training.models.second_stage.networks import trained


class SecondStage:
    """Networks over what a first stage proposes, its scores, and what is known of people and items.

    They learn from windows of the past: before each the first stage is fitted to what came before it alone,
    so that no feature has seen what it must foresee. Then it is fitted once more, to everything.
    Where there is no window to learn from, the mean of the first stage's deviations decides.
    """

    name: ClassVar[str] = "second_stage"

    def __init__(self, config: Config | None = None, seed: int = 0) -> None:
        self.config = config or Config()
        self.seed = seed

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        found = examples(interactions, as_of, self.config, self.seed)
        self._networks = None if found is None else trained(found, self.config, self.seed)
        self._scout = Scout(
            interactions, as_of, depth=self.config.depth, again=self.config.again, seed=self.seed
        )
        return self

    def scores(self, users: IntArray) -> FloatArray:
        """Of a candidate: the log odds that it is taken. All others lie below a user's candidates, alike."""
        # Each once: where a candidate stands in a product of matrices can change its last bit.
        people, asked = np.unique(users, return_inverse=True)
        scores = np.empty((len(people), self._scout.items), dtype=np.float32)
        start = 0
        for block in self._scout.blocks(people):
            candidates = self._scout.find(block)
            found = self._judged(candidates)
            least = np.zeros(len(block), dtype=np.float32)
            np.minimum.at(least, candidates.place, found)
            rows = scores[start : start + len(block)]
            rows[:] = least[:, None] - 1
            rows[candidates.place, candidates.item] = found
            start += len(block)
        return scores[asked]

    def _judged(self, candidates: Candidates) -> FloatArray:
        if self._networks is not None:
            return self._networks.score(candidates.features)
        deviations = [n for n, name in enumerate(self._scout.features) if name.endswith(", deviation")]
        return np.asarray(candidates.features[:, deviations].mean(axis=1), dtype=np.float32)
