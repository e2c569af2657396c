"""A model's whole configuration, and the configurations that are tried where there is none yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, model_validator

from recolake.ranking.manifest import BlendWeights, RankingConfig
from training.models.graph_filter.config import Config as FilterConfig
from training.models.lightgcn.config import Config as NetworkConfig
from training.models.matrix_factorization.config import Config as FactorizationConfig
from training.models.sasrec.config import Config as SasRecConfig
from training.models.two_tower.config import Config as TowersConfig

MF = "mf"
SETTINGS: Mapping[str, type[BaseModel]] = {
    MF: FactorizationConfig,
    "graph-filter": FilterConfig,
    "lightgcn": NetworkConfig,
    "sasrec": SasRecConfig,
    "two-tower": TowersConfig,
}
"""Models that can be served, for they have a vector of every user and item, by their name on the ladder."""


class Algorithm(BaseModel):
    """What makes the vectors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="On the ladder of `recolake evaluate`")
    settings: SerializeAsAny[BaseModel] = Field(description="Of that model")

    @model_validator(mode="before")
    @classmethod
    def _read(cls, found: Any) -> Any:
        """Settings that come as plain JSON are those of the named model."""
        if isinstance(found, Mapping) and isinstance(found.get("settings"), Mapping):
            kind = SETTINGS.get(str(found.get("name")))
            if kind is not None:
                return {**found, "settings": kind.model_validate(found["settings"])}
        return found

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if type(self.settings) is not SETTINGS.get(self.name):
            raise ValueError(f"these are no settings of a model {self.name} that can be served")
        return self


class ModelConfig(BaseModel):
    """Everything that was chosen on validation data; it travels in the index manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    algorithm: Algorithm
    ranking: RankingConfig


# Where the search for blend weights begins, and what stays where nobody can be measured.
START = RankingConfig(
    new_items=BlendWeights(vector=1.0, popularity=0.6, own=0.0),
    all_items=BlendWeights(vector=1.0, popularity=0.6, own=2.0),
)

# Few, far apart, and each fitted once: the choice between old and new taste, and between bold and careful.
# With a budget the search goes on from the best of them.
SEARCH_SPACE: tuple[FactorizationConfig, ...] = (
    FactorizationConfig(half_life_days=60.0, regularization=20.0),
    FactorizationConfig(half_life_days=None, regularization=20.0),
    FactorizationConfig(half_life_days=60.0, regularization=5.0, alpha=4.0),
)
