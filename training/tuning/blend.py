"""Weights of what is served beside a vector's word, found for one target on the validation window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recolake.ranking.manifest import BlendWeights
from recolake.ranking.ragged import Ragged
from recolake.ranking.ranker import candidate_terms
from recolake.ranking.rerank import Terms, blend
from training.candidate import Candidate
from training.config import START
from training.evaluation.metrics import Values, ndcg
from training.evaluation.protocol import DEPTH, NDCG_AT, Target

POPULARITY_WEIGHTS = (0.0, 0.15, 0.3, 0.6, 1.0, 1.5, 2.5, 4.0)
OWN_WEIGHTS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
_CHUNK = 256


@dataclass(frozen=True)
class BlendBench:
    """Candidates of every measurable user, measured once; trying weights is then a sum and a cut."""

    terms: list[Terms]
    relevant: list[np.ndarray]
    held: np.ndarray

    @classmethod
    def of(cls, candidate: Candidate, target: Target, truth: Ragged) -> BlendBench | None:
        """None where nobody can be measured."""
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

    def ndcg(self, weights: BlendWeights) -> Values:
        """[users] what each would get."""
        found = []
        for terms, relevant in zip(self.terms, self.relevant, strict=True):
            scores = -blend(terms, weights)
            cut = min(NDCG_AT, scores.shape[1])
            best = np.argpartition(scores, cut - 1, axis=1)[:, :cut]
            order = np.argsort(np.take_along_axis(scores, best, axis=1), axis=1)
            found.append(np.take_along_axis(relevant, np.take_along_axis(best, order, axis=1), axis=1))
        return ndcg(np.concatenate(found), self.held, NDCG_AT)

    def search(self, start: BlendWeights) -> tuple[BlendWeights, Values]:
        """One weight after the other, until neither moves; the vector's stays 1, for only ratios matter."""
        best, reached = start, self.ndcg(start)
        grids = [("popularity", POPULARITY_WEIGHTS)] + ([("own", OWN_WEIGHTS)] if start.own else [])
        moved = True
        while moved:
            moved = False
            for name, grid in grids:
                for value in grid:
                    weights = best.model_copy(update={name: value})
                    if weights != best and (tried := self.ndcg(weights)).mean() > reached.mean():
                        best, reached, moved = weights, tried, True
        return best, reached
