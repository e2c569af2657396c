"""Lists for many people at once against the same people one at a time, by the ranker that the API calls.

The API has no call for the lists of several people, so this is the ranker alone: what a request costs around
it, which a batch would pay once, is not in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.ranker import people, stage
from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.ranking.model import VectorModel
from recolake.ranking.ranker import rank
from recolake.ranking.users import UserBatch

BAR_TIMES = 5.0
_DIMENSION, _HISTORY, _DEPTH, _MEMBERS, _HIDDEN = 64, 40, 200, 4, 16


@dataclass(frozen=True, slots=True)
class Batch:
    """People a second of processor time; medians of the rounds."""

    items: int
    people: int
    one_at_a_time: float
    at_once: float

    @property
    def times(self) -> float:
        """The throughput of the batch over that of single calls."""
        return self.at_once / self.one_at_a_time


def run_batch(items: int, count: int, k: int, rounds: int, seed: int) -> Batch:
    """Rank for `count` people both ways, in turns."""
    rng = np.random.default_rng(seed)
    weights = BlendWeights(vector=1.0, popularity=1.5, own=4.0)
    first = VectorModel.of(
        rng.standard_normal((items, _DIMENSION)).astype(np.float32) / np.float32(np.sqrt(_DIMENSION)),
        -np.log2(np.arange(items) + 1.0),
        RankingConfig(new_items=weights, all_items=weights),
    )
    second = stage(rng, items, _DEPTH, _MEMBERS, _HIDDEN)
    model = VectorModel(first.index, first.vectors, first.popularity, first.ranking, second)
    everybody = people(rng, count, items, _DIMENSION, _HISTORY)
    ones = [everybody.slice(user, user + 1) for user in range(count)]

    def rank_for(batches: Sequence[UserBatch]) -> None:
        for batch in batches:
            rank(model, batch, k, include_seen=False)

    rank_for(ones[:1])
    single, whole = [], []
    for _ in range(rounds):
        single.append(_seconds(lambda: rank_for(ones)))
        whole.append(_seconds(lambda: rank_for([everybody])))
    return Batch(
        items, count, round(count / float(np.median(single)), 1), round(count / float(np.median(whole)), 1)
    )


def told(found: Batch) -> list[str]:
    """The figures for a screen."""
    return [
        f"{found.items:,} items, {found.people:,} people, the ranker alone, of one second of a processor:",
        f"one at a time {found.one_at_a_time:,.0f} people; at once {found.at_once:,.0f}: "
        f"{found.times:.1f} times",
        f"at least {BAR_TIMES:g} times: {'met' if found.times >= BAR_TIMES else 'MISSED'}",
    ]


def _seconds(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
