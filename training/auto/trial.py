"""One configuration, fitted to what validation leaves of train, and how it did."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

from training.auto.budget import Budget
from training.auto.facts import Facts
from training.auto.rung import Rung, Tools
from training.benchmark.measures import quality
from training.benchmark.problem import Problem
from training.benchmark.ranking import Score, ranked
from training.evaluation.metrics import Values
from training.models.base import Model


@dataclass(frozen=True)
class Trial:
    """Attributes:
    quality: [V] NDCG of each validation user, averaged over the cut-offs that were asked for.
    seconds: of the fit, and of ranking for all validation users.
    """

    name: str
    config: BaseModel
    quality: Values
    fit_seconds: float
    rank_seconds: float

    @property
    def mean(self) -> float:
        return float(self.quality.mean())

    def described(self) -> Mapping[str, Any]:
        return {
            "model": self.name,
            "config": self.config.model_dump(),
            "ndcg": round(self.mean, 5),
            "fit_seconds": round(self.fit_seconds, 2),
        }


@dataclass(frozen=True)
class Bench:
    """The validation question, and what trials share."""

    problem: Problem
    facts: Facts
    ks: tuple[int, ...]
    tools: Tools
    budget: Budget

    def run(self, rung: Rung, config: BaseModel, *, again: bool = False) -> tuple[Trial, Model]:
        """Fit and measure; `again` where the costly part of the fit is there already."""
        began = time.perf_counter()
        model = rung.make(config, self.tools).fit(self.problem.interactions, self.problem.log.as_of)
        fitted = time.perf_counter()
        values = self.measured(model.scores)
        ranked_at = time.perf_counter()
        work = rung.work(self.facts, config)
        self.budget.learn(rung.name, work, fitted - began, ranked_at - fitted, again=again)
        return Trial(rung.name, config, values, fitted - began, ranked_at - fitted), model

    def measured(self, score: Score) -> Values:
        users = self.problem.measured
        rows = ranked(self.problem, score, users, max(self.ks))
        return quality(self.problem, rows, users, self.ks)


def best(trials: Sequence[Trial]) -> Trial:
    """The best on average; of equals, the first."""
    return trials[int(np.argmax([trial.mean for trial in trials]))]
