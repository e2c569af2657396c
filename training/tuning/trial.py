"""One configuration of a model that can be served, as it would be served: with the best blend for it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from pydantic import BaseModel

from recolake.ranking.manifest import BlendWeights, RankingConfig, SecondStageConfig
from recolake.ranking.ragged import Ragged
from training.auto.budget import Budget
from training.auto.choice import better
from training.auto.facts import Facts
from training.auto.rung import Rung, Tools
from training.candidate import Vectors, candidate_of
from training.config import START, Algorithm, ModelConfig
from training.datasets.dataset import Dataset
from training.datasets.split import Split
from training.evaluation.metrics import Values, hits, ndcg
from training.evaluation.protocol import METRIC, NDCG_AT, Recommend, Target, by_ranking
from training.models.base import Model
from training.second_stage.teach import fit_served
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

    def second_stage(self, without: Trial) -> tuple[Trial, Trial] | None:
        """The same configuration with a second stage: where it earned its place, and for both questions.

        It earns it on each question by itself: people's lists must be better by an interval that excludes no
        gain. Where it does on neither, the first is `without`. None where there is too little to learn from.
        """
        began, split, seed = time.perf_counter(), self.split, self.tools.seed
        config = _with_stage(without.model, set(Target))
        candidate = fit_served(self.dataset, split.train, split.as_of, config, seed)
        if candidate.second_stage is None:
            return None
        model, people = candidate.rankable(config.ranking), candidate.people()
        reached = {
            target: _served(by_ranking(model, people, target), target.truth(split), split.train.shape[1])
            for target in without.by_target
        }
        earned = {
            target for target, values in reached.items() if better(values, without.by_target[target], seed)
        }
        seconds = time.perf_counter() - began
        both = Trial(config, without.cost, reached, seconds)
        if not earned:
            return without, both
        mixed = {t: reached[t] if t in earned else without.by_target[t] for t in reached}
        return Trial(_with_stage(without.model, earned), without.cost, mixed, seconds), both


def _with_stage(model: ModelConfig, targets: Set[Target]) -> ModelConfig:
    stage = SecondStageConfig(**{target.value: target in targets for target in Target})
    return model.model_copy(update={"ranking": model.ranking.model_copy(update={"second_stage": stage})})


def _served(recommend: Recommend, truth: Ragged, items: int) -> Values:
    """NDCG of everybody with something held out."""
    users = np.flatnonzero(truth.lengths)
    return ndcg(hits(recommend(users), truth.take(users), items), truth.lengths[users], NDCG_AT)
