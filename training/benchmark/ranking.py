"""Ranked lists from scores: exact, with ties broken by popularity and id, which cannot see the label."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from recolake.ranking.retrieval import NO_ITEM
from training.benchmark.problem import Problem, Target

# Users x items of one block of scores: 64 MiB.
_BLOCK_SCORES = 1 << 24
_MOST_USERS = 4_096

# Takes users, gives [len(users), I] scores, which the caller may change.
Score = Callable[[IntArray], FloatArray]


def blocks(users: IntArray, items: int) -> Iterator[IntArray]:
    """The users in parts whose scores fit the memory that is meant for them."""
    size = max(1, min(_MOST_USERS, _BLOCK_SCORES // max(items, 1)))
    for start in range(0, len(users), size):
        yield users[start : start + size]


def ranked(problem: Problem, score: Score, users: IntArray, k: int) -> IntArray:
    """[len(users), k] items, best first; -1 where a user has fewer."""
    parts = [
        top(masked(problem, score(block), block), problem.order, k)
        for block in blocks(users, len(problem.order))
    ]
    return np.concatenate(parts) if parts else np.empty((0, k), dtype=np.int64)


def masked(problem: Problem, scores: FloatArray, users: IntArray) -> FloatArray:
    """The scores [n, I] in place, -inf for what must not be recommended.

    That is: what is no candidate, and, where only new items count, what the user had.
    """
    if problem.candidates is None:
        ranked = problem.people > 0 if problem.ranked is None else problem.ranked
        left_out = np.flatnonzero(~ranked)
        if len(left_out):
            scores[:, left_out] = -np.inf
    else:
        asked = problem.candidates.take(users)
        kept = scores[asked.owners, asked.rows]
        scores[:] = -np.inf
        scores[asked.owners, asked.rows] = kept
    if problem.target is Target.NEW:
        scores[problem.had[users].nonzero()] = -np.inf
    return scores


def top(scores: FloatArray, order: IntArray, k: int) -> IntArray:
    """[n, k] columns of the largest scores; equals as they come in `order`; -1 where the rest is -inf."""
    width = scores.shape[1]
    found = min(k, width)
    rank = np.empty(width, dtype=np.int64)
    rank[order] = np.arange(width)
    given = torch.from_numpy(np.ascontiguousarray(scores, dtype=np.float32))
    # One more than asked: only where it equals the last one asked for does the order decide who is in.
    values, places = (part.numpy() for part in torch.topk(given, min(found + 1, width), dim=1))
    if found < width:
        torn = np.flatnonzero(values[:, found - 1] == values[:, found])
        if len(torn):
            places[torn, :found] = order[_by_order(given[torn][:, torch.from_numpy(order)], found).numpy()]
            values[torn, :found] = np.take_along_axis(scores[torn], places[torn, :found], axis=1)
    values, places = values[:, :found], places[:, :found]
    best = np.lexsort((rank[places], -values), axis=1)
    rows = np.take_along_axis(np.where(np.isneginf(values), NO_ITEM, places), best, axis=1)
    return np.pad(rows, ((0, 0), (0, k - found)), constant_values=NO_ITEM)


def _by_order(scores: torch.Tensor, k: int) -> torch.Tensor:
    """Columns of the k largest, equals from left to right, by one whole number a score that says both."""
    # The bits of a float, read as a whole number, grow with it; those of negative ones must be turned round.
    bits = (scores + 0.0).view(torch.int32).to(torch.int64)
    rising = torch.where(bits < 0, -(bits & 0x7FFFFFFF), bits)
    key = (rising << 32) - torch.arange(scores.shape[1])
    return torch.topk(key, k, dim=1).indices
