"""A fitted model together with what ranking needs beside its vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, cast

import numpy as np
import numpy.typing as npt

from recolake.ranking.evidence import Evidence
from recolake.ranking.manifest import RankingConfig
from recolake.ranking.model import VectorModel
from recolake.ranking.popularity import FloatArray
from recolake.ranking.second_stage.stage import SecondStage
from recolake.ranking.users import UserBatch
from training.auto.ladder import rungs
from training.auto.rung import Tools
from training.config import Algorithm
from training.datasets.dataset import Dataset
from training.datasets.histories import user_batch
from training.datasets.interactions import Interactions
from training.models.graph_filter.model import GraphFilter
from training.models.matrix_factorization.model import MatrixFactorization

if TYPE_CHECKING:
    from training.cold.newcomers import Newcomers


class Vectors(Protocol):
    """A fitted model with a vector of every user and item."""

    name: ClassVar[str]

    @property
    def user_vectors(self) -> FloatArray:
        """[U, d]"""

    @property
    def item_vectors(self) -> FloatArray:
        """[I, d]"""


@dataclass(frozen=True)
class Candidate:
    """Vectors, popularity and histories as of one day; nothing in it is younger.

    Attributes:
        second_stage: taught by windows that ended by that day; None where the blend has the last word.
        newcomers: items and people without history that are served beside those that it was fitted to; None
            where nobody asked for them.
    """

    interactions: Interactions
    as_of: int
    model: Vectors
    trend_scores: npt.NDArray[np.float64]
    second_stage: SecondStage | None = None
    newcomers: Newcomers | None = None

    def rankable(self, ranking: RankingConfig) -> VectorModel:
        return VectorModel.of(self.model.item_vectors, self.trend_scores, ranking, self.second_stage)

    def people(self) -> UserBatch:
        return user_batch(self.interactions, self.as_of, self.model.user_vectors)

    def evidence(self) -> Evidence | None:
        """What the user vectors were made from; None where the model cannot tell."""
        if not isinstance(self.model, MatrixFactorization | GraphFilter):
            return None
        return self.model.evidence(self.interactions, self.as_of)


def fit(
    dataset: Dataset,
    interactions: Interactions,
    as_of: int,
    algorithm: Algorithm,
    seed: int,
    progress: Callable[[str], None] = lambda message: None,
) -> Candidate:
    """Fit to `interactions`, a part of the data set's that ends on day `as_of`."""
    (rung,) = rungs(algorithm.name)
    model = rung.make(algorithm.settings, Tools(seed, progress)).fit(interactions, as_of)
    return candidate_of(dataset, interactions, as_of, cast(Vectors, model))


def candidate_of(dataset: Dataset, interactions: Interactions, as_of: int, model: Vectors) -> Candidate:
    """A model that was fitted to `interactions`, which end on day `as_of`."""
    trend = dataset.item_days.trend_scores(interactions.item_ids, last=as_of)
    return Candidate(interactions, as_of, model, trend)
