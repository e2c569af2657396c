"""Choose a configuration on a validation window, cut from the training period as the test window is cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.ranking.ragged import Ragged
from recolake.ranking.ranker import candidate_terms
from recolake.ranking.rerank import Terms, blend
from training.candidate import Candidate, fit
from training.config import START, ModelConfig
from training.datasets.dataset import Dataset
from training.datasets.interactions import Interactions
from training.datasets.split import Split, temporal_split
from training.evaluation.metrics import ndcg
from training.evaluation.protocol import DEPTH, NDCG_AT, Target
from training.models.matrix_factorization.config import Config

POPULARITY_WEIGHTS = (0.0, 0.15, 0.3, 0.6, 1.0, 1.5, 2.5, 4.0)
OWN_WEIGHTS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
_CHUNK = 256


@dataclass(frozen=True)
class Trial:
    """One configuration with the best blend found for it, and its NDCG on the validation window."""

    config: ModelConfig
    ndcg: dict[Target, float]

    @property
    def total(self) -> float:
        return sum(self.ndcg.values())


def tune(
    dataset: Dataset,
    interactions: Interactions,
    space: Sequence[Config],
    seed: int,
    progress: Callable[[str], None],
) -> list[Trial]:
    """Try every configuration; best first. With nobody to measure: the first, with the default blend."""
    split = temporal_split(interactions)
    if split is None or not split.measurable:
        return [Trial(ModelConfig(factorization=space[0], ranking=START), {})]
    trials = []
    for number, config in enumerate(space, start=1):
        candidate = fit(dataset, split.train, split.as_of, config, seed)
        trials.append(_try(candidate, config, split))
        found = ", ".join(f"{target} {value:.4f}" for target, value in trials[-1].ndcg.items())
        progress(f"tuning {number}/{len(space)}: NDCG@{NDCG_AT} {found}")
    return sorted(trials, key=lambda trial: -trial.total)


def _try(candidate: Candidate, config: Config, split: Split) -> Trial:
    weights: dict[str, BlendWeights] = {}
    reached: dict[Target, float] = {}
    for target in Target:
        start: BlendWeights = getattr(START, target.value)
        bench = _Bench.of(candidate, target, target.truth(split))
        weights[target.value], value = bench.search(start) if bench else (start, None)
        if value is not None:
            reached[target] = value
    return Trial(ModelConfig(factorization=config, ranking=RankingConfig(**weights)), reached)


@dataclass(frozen=True)
class _Bench:
    """Candidates of every measurable user, measured once; trying weights is then a sum and a cut."""

    terms: list[Terms]
    relevant: list[np.ndarray]
    held: np.ndarray

    @classmethod
    def of(cls, candidate: Candidate, target: Target, truth: Ragged) -> _Bench | None:
        users = np.flatnonzero(truth.lengths)
        if not len(users):
            return None
        model, people = candidate.rankable(START), candidate.people().take(users)
        held = truth.take(users)
        terms, relevant = [], []
        for start in range(0, len(users), _CHUNK):
            part = people.slice(start, start + _CHUNK)
            terms.append(candidate_terms(model, part, DEPTH, include_seen=target.include_seen))
            found = held.slice(start, start + _CHUNK).find(terms[-1].rows, len(model.vectors))
            relevant.append((found >= 0) & (terms[-1].rows >= 0))
        return cls(terms, relevant, held.lengths)

    def ndcg(self, weights: BlendWeights) -> float:
        found = []
        for terms, relevant in zip(self.terms, self.relevant, strict=True):
            scores = -blend(terms, weights)
            cut = min(NDCG_AT, scores.shape[1])
            best = np.argpartition(scores, cut - 1, axis=1)[:, :cut]
            order = np.argsort(np.take_along_axis(scores, best, axis=1), axis=1)
            found.append(np.take_along_axis(relevant, np.take_along_axis(best, order, axis=1), axis=1))
        return float(ndcg(np.concatenate(found), self.held, NDCG_AT).mean())

    def search(self, start: BlendWeights) -> tuple[BlendWeights, float]:
        """One weight after the other, until neither moves; the vector's stays 1, for only ratios matter."""
        best, reached = start, self.ndcg(start)
        grids = [("popularity", POPULARITY_WEIGHTS)] + ([("own", OWN_WEIGHTS)] if start.own else [])
        moved = True
        while moved:
            moved = False
            for name, grid in grids:
                for value in grid:
                    weights = best.model_copy(update={name: value})
                    if weights != best and (score := self.ndcg(weights)) > reached:
                        best, reached, moved = weights, score, True
        return best, reached
