"""What ranking needs to know of a model: an artefact has it, and a model in training before it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from recolake.ranking.index.figures import Kind
from recolake.ranking.index.kinds import build
from recolake.ranking.manifest import RankingConfig
from recolake.ranking.popularity import FloatArray, Popularity
from recolake.ranking.second_stage.stage import SecondStage


class Rankable(Protocol):
    """Anything that `rank` can rank with."""

    @property
    def index(self) -> Any:
        """FAISS index of the item vectors, inner product."""

    @property
    def vectors(self) -> FloatArray:
        """[I, d], the same vectors."""

    @property
    def warm(self) -> int:
        """Rows from here on are of items without history, whose vectors come from their content."""

    @property
    def popularity(self) -> Popularity: ...

    @property
    def ranking(self) -> RankingConfig: ...

    @property
    def second_stage(self) -> SecondStage | None:
        """What has the last word on the order of the best candidates; None where the blend has it."""


@dataclass(frozen=True)
class VectorModel:
    """A model in memory."""

    index: Any
    vectors: FloatArray
    popularity: Popularity
    ranking: RankingConfig
    second_stage: SecondStage | None = None

    @property
    def warm(self) -> int:
        return len(self.vectors)

    @classmethod
    def of(
        cls,
        vectors: FloatArray,
        trend_scores: npt.NDArray[np.floating],
        ranking: RankingConfig,
        second_stage: SecondStage | None = None,
    ) -> VectorModel:
        """From item vectors [I, d] and trend scores [I]."""
        popularity = Popularity.of(trend_scores, ranking.popularity_span)
        return cls(build(Kind.FLAT, vectors), vectors, popularity, ranking, second_stage)
