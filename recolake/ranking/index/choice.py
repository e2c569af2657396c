"""Which index a model is served from: exact while that is fast, else the cheapest that finds the same."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from recolake.ranking.index.figures import IndexFigures, Kind
from recolake.ranking.index.kinds import build, one_thread, search
from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray

# Up to here an exact search takes half a millisecond.
EXACT_ITEMS = 50_000
TARGET_RECALL = 0.98
# Of the hundreds that the ranker weighs against popularity; those at the end decide little.
TARGET_DEPTH_RECALL = 0.9
RECALL_AT = 10
# Where no part of the items is enough, all of them by codes, which takes half of what whole vectors take.
_LADDER = (Kind.IVF_SQ8, Kind.IVF_FLAT, Kind.SQ8)
_FEWEST_PROBES = 4
# An inverted file that must look at more than a quarter of its lists saves nothing.
_MOST_PROBED = 4
_QUERIES, _TIMED = 1_000, 200


def choose_index(
    vectors: FloatArray, users: FloatArray, depth: int, seed: int = 0
) -> tuple[Any, IndexFigures]:
    """The index to serve [I, d] item vectors from, and what was measured of it with [U, d] user vectors.

    What decides is recall alone, never time, so that the choice can be repeated. Where there are no user
    vectors, mixtures of item vectors ask.

    Args:
        depth: nearest items that the ranker will ask for.
    """
    exact = build(Kind.FLAT, vectors)
    asking = queries(vectors, users, seed)
    if len(vectors) > EXACT_ITEMS:
        truth = Truth(exact, asking, depth)
        for kind in _LADDER:
            index = build(kind, vectors, seed)
            for parameters in _efforts(index):
                if truth.recall(index, RECALL_AT) >= TARGET_RECALL and (
                    truth.recall(index, depth) >= TARGET_DEPTH_RECALL
                ):
                    return index, truth.figures(index, kind, parameters)
    return exact, Truth(exact, asking, depth).figures(exact, Kind.FLAT, {})


def queries(vectors: FloatArray, users: FloatArray, seed: int) -> FloatArray:
    """[at most 1,000, d] vectors to ask with: users drawn by the seed."""
    random = np.random.default_rng(seed)
    known = users[np.any(users != 0, axis=1)] if len(users) else users
    if len(known):
        drawn = random.choice(len(known), min(_QUERIES, len(known)), replace=False)
        return np.ascontiguousarray(known[np.sort(drawn)], dtype=np.float32)
    mixed = random.integers(0, len(vectors), (min(_QUERIES, len(vectors)), 4))
    return np.asarray(vectors[mixed].mean(axis=1), dtype=np.float32)


class Truth:
    """What an exact index answers, to hold others against."""

    def __init__(self, exact: Any, asking: FloatArray, depth: int) -> None:
        self._exact, self._asking = exact, asking
        self._depth = min(depth, exact.ntotal)
        self._rows = search(exact, asking, max(self._depth, RECALL_AT))[1]

    def recall(self, index: Any, count: int) -> float:
        """Mean share of the exact best `count` among as many of this index."""
        if index is self._exact:
            return 1.0
        expected = self._rows[:, :count]
        found = search(index, self._asking, expected.shape[1])[1]
        shared = np.intersect1d(_marked(found), _marked(expected), assume_unique=True)
        return len(shared) / expected.size

    def figures(self, index: Any, kind: Kind, parameters: dict[str, int]) -> IndexFigures:
        """All that is written down of an index."""
        import faiss

        return IndexFigures(
            kind=kind,
            parameters=parameters,
            queries=len(self._asking),
            recall_at_10=self.recall(index, RECALL_AT),
            depth=self._depth,
            recall_at_depth=self.recall(index, self._depth),
            queries_per_second=self.speed(index, RECALL_AT),
            queries_per_second_at_depth=self.speed(index, self._depth),
            bytes_per_item=len(faiss.serialize_index(index)) / index.ntotal,
        )

    def speed(self, index: Any, count: int) -> float:
        """Queries a second of the thread's own processor time, one at a time."""
        asked = self._asking[:_TIMED]
        with one_thread():
            search(index, asked[:1], count)
            began = time.thread_time()
            for row in range(len(asked)):
                search(index, asked[row : row + 1], count)
            return len(asked) / (time.thread_time() - began)


def _efforts(index: Any) -> Iterator[dict[str, int]]:
    """Has the index look at more and more of its lists, if it has any; gives what it is set to."""
    if not hasattr(index, "nlist"):
        yield {}
        return
    probes = _FEWEST_PROBES
    while probes <= max(index.nlist // _MOST_PROBED, _FEWEST_PROBES):
        index.nprobe = probes
        yield {"lists": index.nlist, "probes": probes}
        probes *= 2


def _marked(rows: IntArray) -> IntArray:
    """What was found, each once: rows [n, k] that also say whose they are; without the empty places."""
    owned = rows + np.arange(len(rows))[:, None] * (np.int64(1) << 32)
    return np.asarray(owned[rows >= 0], dtype=np.int64)
