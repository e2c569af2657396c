"""A model's whole configuration, and the configurations that are tried where there is none yet."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from recolake.ranking.manifest import BlendWeights, RankingConfig
from training.models.matrix_factorization.config import Config as FactorizationConfig


class ModelConfig(BaseModel):
    """Everything that was chosen on validation data; it travels in the index manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    factorization: FactorizationConfig
    ranking: RankingConfig


# Where the search for blend weights begins, and what stays where nobody can be measured.
START = RankingConfig(
    new_items=BlendWeights(vector=1.0, popularity=0.6, own=0.0),
    all_items=BlendWeights(vector=1.0, popularity=0.6, own=2.0),
)

# Few, far apart, and each fitted once: the choice between old and new taste, and between bold and careful.
SEARCH_SPACE: tuple[FactorizationConfig, ...] = (
    FactorizationConfig(half_life_days=60.0, regularization=20.0),
    FactorizationConfig(half_life_days=None, regularization=20.0),
    FactorizationConfig(half_life_days=60.0, regularization=5.0, alpha=4.0),
)
