"""One configuration of a model that can be served, as it would be served: with the best blend for it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from pydantic import BaseModel

from recolake.ranking.manifest import BlendWeights, RankingConfig
from training.auto.budget import Budget
from training.auto.facts import Facts
from training.auto.rung import Rung, Tools
from training.candidate import Vectors, candidate_of
from training.config import START, Algorithm, ModelConfig
from training.datasets.dataset import Dataset
from training.datasets.split import Split
from training.evaluation.metrics import Values
from training.evaluation.protocol import METRIC, Target
from training.models.base import Model
from training.tuning.blend import BlendBench


@dataclass(frozen=True)
class Trial:
    """What a configuration came to on the validation window.

    Attributes:
        cost: of the model on the ladder.
        by_target: NDCG of each measured user; the same users in the same order in all trials.
        seconds: that fitting and measuring took.
    """

    model: ModelConfig
    cost: float
    by_target: Mapping[Target, Values]
    seconds: float

    @property
    def config(self) -> BaseModel:
        return self.model.algorithm.settings

    @property
    def quality(self) -> Values:
        """[users of all targets]"""
        return np.concatenate(list(self.by_target.values()))

    @property
    def ndcg(self) -> dict[Target, float]:
        """Mean over users."""
        return {target: float(values.mean()) for target, values in self.by_target.items()}

    @property
    def mean(self) -> float:
        """Both targets count the same, however many users they have."""
        return sum(self.ndcg.values()) / max(len(self.by_target), 1)

    def described(self) -> dict[str, Any]:
        """For the leaderboard."""
        return {"config": self.model.model_dump(mode="json"), METRIC: self.ndcg, "seconds": self.seconds}


@dataclass(frozen=True)
class ServedBench:
    """The validation window, and what trials share."""

    dataset: Dataset
    split: Split
    facts: Facts
    tools: Tools
    budget: Budget

    def run(self, rung: Rung, config: BaseModel, *, again: bool = False) -> tuple[Trial, Model]:
        """Fit and measure; `again` where the costly part of the fit is there already."""
        began = time.perf_counter()
        split = self.split
        model = rung.make(config, self.tools).fit(split.train, split.as_of)
        fitted = time.perf_counter()
        candidate = candidate_of(self.dataset, split.train, split.as_of, cast(Vectors, model))
        weights: dict[str, BlendWeights] = {}
        reached: dict[Target, Values] = {}
        for target in Target:
            start: BlendWeights = getattr(START, target.value)
            bench = BlendBench.of(candidate, target, target.truth(split))
            weights[target.value], values = bench.search(start) if bench else (start, None)
            if values is not None:
                reached[target] = values
        ended = time.perf_counter()
        work = rung.work(self.facts, config)
        self.budget.learn(rung.name, work, fitted - began, ended - fitted, again=again)
        algorithm = Algorithm(name=rung.name, settings=config)
        found = ModelConfig(algorithm=algorithm, ranking=RankingConfig(**weights))
        return Trial(found, rung.cost, reached, ended - began), model
