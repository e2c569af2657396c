"""Candidates of every validation user with the scores of every part, so that weights are tried in no time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from recolake.ranking.retrieval import NO_ITEM
from training.benchmark.problem import Problem
from training.benchmark.ranking import Score, blocks, masked, top
from training.evaluation.metrics import Values

# What no part ranks among its first so many can hardly come among the first of a blend.
DEPTH = 100


@dataclass(frozen=True)
class Pool:
    """V users with C candidates each, and P parts.

    Attributes:
        scores: [P, V, C] float32, standardised over the whole row before it was cut to candidates.
        allowed: [V, C].
        relevant: [V, C].
        held: [V] number of held-out items.
    """

    scores: Tensor
    allowed: Tensor
    relevant: Tensor
    held: IntArray

    def quality(self, blended: Tensor, ks: Sequence[int]) -> Values:
        """[V] NDCG averaged over the cut-offs, of scores [V, C]."""
        depth = min(max(ks), blended.shape[1])
        values, best = torch.topk(blended.masked_fill(~self.allowed, -torch.inf), depth, dim=1)
        hit = (self.relevant.gather(1, best) & (values > -torch.inf)).numpy()
        discount = 1 / np.log2(np.arange(2, max(ks) + 2))
        ideal = np.cumsum(discount)
        found = [
            (hit[:, :k] * discount[: min(k, depth)]).sum(axis=1) / ideal[np.minimum(self.held, k) - 1]
            for k in ks
        ]
        return np.asarray(np.mean(found, axis=0), dtype=np.float64)


def standardised(scores: FloatArray, known: npt.NDArray[np.bool_]) -> FloatArray:
    """Each row [n, I] in place, less its mean and over its deviation over the known items."""
    of_known = scores[:, known]
    mean, deviation = of_known.mean(axis=1, keepdims=True), of_known.std(axis=1, keepdims=True)
    scores -= mean
    scores /= np.where(deviation > 0, deviation, 1.0)
    return scores


def pool(problem: Problem, parts: Sequence[Score], proposing: int) -> Pool:
    """Of the measured users. The first `proposing` parts say who the candidates are."""
    scores, allowed, relevant = [], [], []
    for users in blocks(problem.measured, problem.catalogue.shape[1] * len(parts)):
        rows = [part(users) for part in parts]
        proposed = [top(masked(problem, row.copy(), users), problem.order, DEPTH) for row in rows[:proposing]]
        found = _distinct(np.concatenate(proposed, axis=1))
        place = np.where(found == NO_ITEM, 0, found)
        scores.append(np.stack([np.take_along_axis(row, place, axis=1) for row in rows]))
        allowed.append(found != NO_ITEM)
        truth = problem.truth.take(users)
        relevant.append((truth.find(found, problem.catalogue.shape[1]) >= 0) & allowed[-1])
    width = max(part.shape[1] for part in allowed)
    return Pool(
        torch.from_numpy(np.concatenate([_wide(part, width) for part in scores], axis=1)),
        torch.from_numpy(np.concatenate([_wide(part, width) for part in allowed])),
        torch.from_numpy(np.concatenate([_wide(part, width) for part in relevant])),
        problem.truth.lengths[problem.measured],
    )


def _distinct(rows: IntArray) -> IntArray:
    """[n, C] each row's items once, ascending; -1 after them."""
    ordered = np.sort(np.where(rows == NO_ITEM, np.iinfo(np.int64).max, rows), axis=1)
    ordered[:, 1:][ordered[:, 1:] == ordered[:, :-1]] = np.iinfo(np.int64).max
    ordered = np.sort(ordered, axis=1)
    longest = int((ordered < np.iinfo(np.int64).max).sum(axis=1).max(initial=1))
    kept = ordered[:, :longest]
    return np.where(kept == np.iinfo(np.int64).max, NO_ITEM, kept)


def _wide(part: npt.NDArray[np.generic], width: int) -> npt.NDArray[np.generic]:
    """Padded with zeros on the right."""
    missing = [(0, 0)] * (part.ndim - 1) + [(0, width - part.shape[-1])]
    return np.pad(part, missing)
