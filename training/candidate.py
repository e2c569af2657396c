"""A fitted model together with what ranking needs beside its vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recolake.ranking.manifest import RankingConfig
from recolake.ranking.model import VectorModel
from recolake.ranking.users import UserBatch
from training.datasets.dataset import Dataset
from training.datasets.histories import user_batch
from training.datasets.interactions import Interactions
from training.models.matrix_factorization.config import Config
from training.models.matrix_factorization.model import MatrixFactorization


@dataclass(frozen=True)
class Candidate:
    """Vectors, popularity and histories as of one day; nothing in it is younger."""

    interactions: Interactions
    as_of: int
    model: MatrixFactorization
    trend_scores: npt.NDArray[np.float64]

    def rankable(self, ranking: RankingConfig) -> VectorModel:
        return VectorModel.of(self.model.item_vectors, self.trend_scores, ranking)

    def people(self) -> UserBatch:
        return user_batch(self.interactions, self.as_of, self.model.user_vectors)


def fit(dataset: Dataset, interactions: Interactions, as_of: int, config: Config, seed: int) -> Candidate:
    """Fit to `interactions`, a part of the data set's that ends on day `as_of`."""
    model = MatrixFactorization(config, seed).fit(interactions, as_of)
    trend = dataset.item_days.trend_scores(interactions.item_ids, last=as_of)
    return Candidate(interactions, as_of, model, trend)
