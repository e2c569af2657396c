"""Lists for many people by one call against a call for each of them: over HTTP, and by the ranker alone.

Over HTTP both are asked of one worker of a platform of its own (`serving_shop`) by one client that waits for
each answer, in turns; authentication, limits, usage records, metrics and log are on. The ranker alone is what
`rank` does for all of them at once against one at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from benchmarks.ranker import people, stage
from benchmarks.serving_alone import processor_seconds, target_of
from benchmarks.serving_load import LoadGenerator, Phase, runner
from benchmarks.serving_shop import PEOPLE, Shop, open_shop
from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.ranking.model import VectorModel
from recolake.ranking.ranker import rank
from recolake.ranking.users import UserBatch

BAR_TIMES = 5.0
_DIMENSION, _HISTORY, _DEPTH, _MEMBERS, _HIDDEN = 64, 40, 200, 4, 16
# Of each kind of call in each round; a batch that is under way then is waited for.
_SECONDS, _WARM_UP_SECONDS = 3.0, 2.0
_PATH = "/v1/recommendations"


@dataclass(frozen=True, slots=True)
class Way:
    """People answered a second, and milliseconds of processor time for each."""

    people_per_second: float
    processor: float


@dataclass(frozen=True, slots=True)
class Batch:
    """The medians of the rounds, each of which measures all four."""

    items: int
    people: int
    calls: Way
    batches: Way
    ranker_calls: Way
    ranker_batches: Way

    @property
    def times(self) -> float:
        """The throughput of batches over that of single calls."""
        return self.batches.people_per_second / self.calls.people_per_second

    @property
    def ranker_times(self) -> float:
        """The same of the ranker alone, of processor time."""
        return self.ranker_calls.processor / self.ranker_batches.processor


def run_batch(items: int, count: int, k: int, rounds: int, seed: int) -> Batch:
    """Ask for `count` people both ways, in turns.

    Raises:
        ServiceUnavailableError: Redis or the API did not start.
    """
    whom = [PEOPLE[number % len(PEOPLE)] for number in range(count)]
    ranker = _ranker(items, count, k, seed)
    with open_shop(items, 1) as shop, runner() as loop:
        found = loop.run(_measure(shop, whom, k, rounds, ranker))
    calls, batches, ranker_calls, ranker_batches = (_median(ways) for ways in zip(*found, strict=True))
    return Batch(items, count, calls, batches, ranker_calls, ranker_batches)


def told(found: Batch) -> list[str]:
    """The figures for a screen."""
    rows = [
        ("a call for each", found.calls),
        ("one call for all", found.batches),
        ("the ranker alone, one at a time", found.ranker_calls),
        ("the ranker alone, at once", found.ranker_batches),
    ]
    return [
        f"{found.items:,} items, lists for {found.people:,} people, one worker, one client:",
        *(
            f"{name:<34}{way.people_per_second:>9,.1f} people a second, {way.processor:>6.3f} ms of processor"
            for name, way in rows
        ),
        f"one call for all: {found.times:.1f} times as fast; the ranker alone: {found.ranker_times:.1f}",
        f"at least {BAR_TIMES:g} times: {'met' if found.times >= BAR_TIMES else 'MISSED'}",
    ]


async def _measure(
    shop: Shop, whom: Sequence[str], k: int, rounds: int, ranker: Callable[[], tuple[Way, Way]]
) -> list[tuple[Way, Way, Way, Way]]:
    target = target_of(shop)
    generator = LoadGenerator(target.host, target.port)
    ones = [target.recommend(orjson.dumps({"user_id": user, "k": k})) for user in whom]
    whole = [target.recommend(orjson.dumps({"user_ids": whom, "k": k}), f"{_PATH}/batch")]

    async def turn(wires: Sequence[bytes], each: int, seconds: float = _SECONDS) -> Way:
        before = processor_seconds(shop.server)
        phase = await generator.closed(1, seconds, wires)
        _all_good(phase)
        answered = each * len(phase.shots)
        spent = processor_seconds(shop.server) - before
        return Way(round(answered / phase.wall, 1), round(1_000 * spent / answered, 3))

    for wires in (ones, whole):
        await turn(wires, 1, _WARM_UP_SECONDS)
    found = [(await turn(ones, 1), await turn(whole, len(whom)), *ranker()) for _ in range(rounds)]
    generator.close()
    return found


def _all_good(phase: Phase) -> None:
    failed = [shot.outcome for shot in phase.shots if not shot.ok]
    if failed:
        raise SystemExit(f"{len(failed)} of {len(phase.shots)} requests were not answered: {failed[0]}.")


def _ranker(items: int, count: int, k: int, seed: int) -> Callable[[], tuple[Way, Way]]:
    """Ranks for all of them both ways."""
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

    def way(batches: Sequence[UserBatch]) -> Way:
        began, spent = time.perf_counter(), time.process_time()
        for batch in batches:
            rank(model, batch, k, include_seen=False)
        spent, taken = time.process_time() - spent, time.perf_counter() - began
        return Way(round(count / taken, 1), round(1_000 * spent / count, 3))

    way(ones[:1])
    return lambda: (way(ones), way([everybody]))


def _median(ways: Sequence[Way]) -> Way:
    return Way(
        float(np.median([way.people_per_second for way in ways])),
        float(np.median([way.processor for way in ways])),
    )
