"""What one request costs the ranker, without a second stage and with one.

    OMP_NUM_THREADS=1 python -m benchmarks.ranker --items 3618 --history 60

Vectors, histories, facts and networks are random numbers of the sizes that training makes: what they are
worth does not change what they cost. Times are of the processor, one person at a time, with and without in
turns, so that a busy machine is as busy for both.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.ranking.model import VectorModel
from recolake.ranking.ragged import Ragged
from recolake.ranking.ranker import rank
from recolake.ranking.second_stage.catalogue import PEOPLE, Catalogue
from recolake.ranking.second_stage.features import FEATURES
from recolake.ranking.second_stage.networks import Networks
from recolake.ranking.second_stage.scaling import Scaling
from recolake.ranking.second_stage.stage import SecondStage
from recolake.ranking.users import Habits, UserBatch

_FACTS, _NEIGHBOURS, _KNOTS, _DAY = 16, 50, 33, 15_000


def networks(random: np.random.Generator, features: int, members: int, hidden: int) -> Networks:
    """Of random weights; a quarter of the features may be missing."""
    knots = [np.sort(random.standard_normal(_KNOTS)) for _ in range(features)]
    scaling = Scaling(knots, list(range(0, features, 4)))
    sizes = [(scaling.width, hidden), (hidden, hidden), (hidden, 1)]
    return Networks(
        scaling,
        [random.standard_normal((members, *size)).astype(np.float32) for size in sizes],
        [random.standard_normal((members, 1, narrow)).astype(np.float32) for _, narrow in sizes],
    )


def stage(random: np.random.Generator, items: int, depth: int, members: int, hidden: int) -> SecondStage:
    names = (PEOPLE, *(f"fact {n}" for n in range(1, _FACTS)))
    catalogue = Catalogue(
        _DAY,
        names,
        random.standard_normal((items, _FACTS)).astype(np.float32),
        random.integers(items, size=(items, _NEIGHBOURS)).astype(np.int32),
        random.random((items, _NEIGHBOURS)).astype(np.float32),
    )
    features = (*FEATURES, *names)
    judges = [networks(random, len(features), members, hidden) for _ in range(2)]
    return SecondStage(catalogue, features, judges[0], judges[1], depth)


def people(random: np.random.Generator, count: int, items: int, dimension: int, history: int) -> UserBatch:
    rows = np.concatenate([np.sort(random.choice(items, history, replace=False)) for _ in range(count)])
    days = random.integers(1, 6, len(rows))
    last = _DAY - random.integers(0, 200, len(rows))
    return UserBatch(
        random.standard_normal((count, dimension)).astype(np.float32),
        np.ones(count, dtype=np.bool_),
        Ragged(np.arange(count + 1, dtype=np.int64) * history, rows.astype(np.int64)),
        random.random(len(rows)).astype(np.float32),
        Habits(days, last - 20 * (days - 1), last),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=3_618)
    parser.add_argument("--history", type=int, default=60, help="goods of a person")
    parser.add_argument("--dimension", type=int, default=64)
    parser.add_argument("--depth", type=int, default=200, help="candidates that the second stage looks at")
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--hidden", type=int, default=16)
    parser.add_argument("--requests", type=int, default=300)
    given = parser.parse_args()
    random = np.random.default_rng(0)
    weights = BlendWeights(vector=1, popularity=1.5, own=4)
    without = VectorModel.of(
        random.standard_normal((given.items, given.dimension)).astype(np.float32),
        random.standard_normal(given.items),
        RankingConfig(new_items=weights, all_items=weights),
    )
    second = stage(random, given.items, given.depth, given.members, given.hidden)
    with_it = VectorModel(without.index, without.vectors, without.popularity, without.ranking, second)
    everybody = people(random, given.requests, given.items, given.dimension, given.history)
    for include_seen in (False, True):
        taken: dict[str, list[float]] = {"without": [], "with": []}
        for user in range(given.requests):
            one = everybody.slice(user, user + 1)
            for name, model in (("without", without), ("with", with_it)):
                began = time.thread_time()
                rank(model, one, 10, include_seen=include_seen)
                taken[name].append(1_000 * (time.thread_time() - began))
        found = {name: np.percentile(times[10:], [50, 95]) for name, times in taken.items()}
        for name, (half, most) in found.items():
            print(f"include_seen {include_seen!s:>5}, {name:>7}: p50 {half:.2f} ms, p95 {most:.2f} ms")
        added = found["with"] - found["without"]
        print(f"{'added':>28}: p50 {added[0]:.2f} ms; ratio {found['with'][0] / found['without'][0]:.2f}")


if __name__ == "__main__":
    main()
