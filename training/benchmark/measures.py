"""Metrics of ranked lists, with intervals over users. Relevance is binary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from recolake.ranking.retrieval import NO_ITEM
from training.benchmark.problem import Problem
from training.evaluation.bootstrap import Coverage, Estimate, Mean, Statistic, estimates, mean
from training.evaluation.metrics import Values, hits, ndcg, recall


@dataclass(frozen=True)
class Measured:
    """How lists did: estimates by `metric@k`, and the same per measured user, where a metric has that."""

    metrics: Mapping[str, Estimate]
    per_user: Mapping[str, Values]


def per_user(problem: Problem, rows: IntArray, users: IntArray, ks: Sequence[int]) -> dict[str, Values]:
    """NDCG, recall, hit rate, MRR and novelty of lists [len(users), k], per user, by `metric@k`."""
    truth = problem.truth.take(users)
    hit, held = hits(rows, truth, problem.catalogue.shape[1]), truth.lengths
    surprise = self_information(problem)
    found: dict[str, Values] = {}
    for k in ks:
        found[f"ndcg@{k}"] = ndcg(hit, held, k)
        found[f"recall@{k}"] = recall(hit, held, k)
        found[f"hr@{k}"] = np.asarray(hit[:, :k].any(axis=1), dtype=np.float64)
        found[f"mrr@{k}"] = reciprocal_rank(hit[:, :k])
        found[f"novelty@{k}"] = novelty(rows[:, :k], surprise)
    return found


def measure(problem: Problem, rows: IntArray, users: IntArray, ks: Sequence[int], seed: int) -> Measured:
    """The same and coverage, with 95 % bootstrap intervals over these users, who all have held-out items."""
    values = per_user(problem, rows, users, ks)
    statistics: dict[str, Statistic] = {name: Mean(value) for name, value in values.items()}
    for k in ks:
        statistics[f"coverage@{k}"] = Coverage(rows[:, :k], problem.catalogue.shape[1])
    return Measured(estimates(statistics, len(users), seed), values)


def compared(one: Measured, other: Measured, seed: int) -> dict[str, Estimate]:
    """What one gains over the other by `metric@k`, with the interval of the paired difference over users."""
    return {name: mean(values - other.per_user[name], seed) for name, values in one.per_user.items()}


def reciprocal_rank(hit: npt.NDArray[np.bool_]) -> Values:
    """[U] 1 over the place of the first hit; 0 without any."""
    return np.asarray(np.where(hit.any(axis=1), 1.0 / (hit.argmax(axis=1) + 1), 0.0), dtype=np.float64)


def self_information(problem: Problem) -> Values:
    """[I] bits: -log2 of the share of users who had the item; as if one had, where none did."""
    users = max(int((np.diff(problem.had.indptr) > 0).sum()), 1)
    return np.asarray(-np.log2(np.maximum(problem.people, 1) / users), dtype=np.float64)


def novelty(rows: IntArray, surprise: Values) -> Values:
    """[U] mean bits of what is shown; 0 for an empty list."""
    shown = rows != NO_ITEM
    total = np.where(shown, surprise[rows], 0.0).sum(axis=1)
    return np.asarray(total / np.maximum(shown.sum(axis=1), 1), dtype=np.float64)


def quality(problem: Problem, rows: IntArray, users: IntArray, ks: Sequence[int]) -> Values:
    """[len(users)] NDCG averaged over the cut-offs: what is maximised on validation data."""
    truth = problem.truth.take(users)
    hit, held = hits(rows, truth, problem.catalogue.shape[1]), truth.lengths
    return np.asarray(np.mean([ndcg(hit, held, k) for k in ks], axis=0), dtype=np.float64)
