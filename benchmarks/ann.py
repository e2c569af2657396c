"""Kinds of FAISS index beside each other: recall, speed on one thread, bytes an item, seconds to build.

    python -m benchmarks.ann --items 10000 100000
    python -m benchmarks.ann --items 1000000
    python -m benchmarks.ann --train ../shared/data/gowalla/train.npz

Item vectors are drawn by a seed: directions in clusters, lengths that follow popularity as those of a matrix
factorisation do; people look in the direction of a few clusters. With `--train` they are those of the matrix
factorisation itself. Every kind is given more work a query until it reaches the recall at 10 that publication
asks for, or until it has no more to give; the row says what it reached then. Seconds are the thread's own
processor time: what else runs on the machine does not count.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import scipy.sparse as sp
import torch

from recolake.ranking.index.choice import RECALL_AT, TARGET_RECALL, Truth, choose_index, queries
from recolake.ranking.index.figures import Kind
from recolake.ranking.index.kinds import build, lists_for, one_thread
from recolake.ranking.popularity import FloatArray
from training.models.matrix_factorization.config import Config
from training.models.matrix_factorization.solver import factorize

DIMENSION, PEOPLE, DEPTH = 64, 5_000, 400
# Quantiles of the lengths that the matrix factorisation gives the items of Gowalla: 0.21, 0.36, 0.65 (10, 50,
# 90 %) and 4.1 at most.
LENGTH_SPREAD = 0.55
# Spread of directions within a cluster, over that of the clusters.
WITHIN = 0.6
EFFORTS = (4, 8, 16, 32, 64, 128, 256, 512, 1_024)


@dataclass(frozen=True)
class Contender:
    """A kind of index.

    Attributes:
        make: from item vectors [I, d].
        strain: gives an index that much work a query; None where there is nothing to choose.
    """

    name: str
    make: Callable[[FloatArray], Any]
    strain: Callable[[Any, int], None] | None = None


def generated(count: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Vectors of items [count, 64] and people [5000, 64]."""
    random = np.random.default_rng(seed)
    topics = max(count // 100, 20)
    # Variance falls over the dimensions as that of a factorisation's directions does.
    spread = np.linspace(1.5, 0.6, DIMENSION)
    centres = random.standard_normal((topics, DIMENSION)) * spread
    items = np.empty((count, DIMENSION), dtype=np.float32)
    for start in range(0, count, 100_000):
        part = items[start : start + 100_000]
        directions = centres[random.integers(topics, size=len(part))]
        directions = directions + WITHIN * random.standard_normal(part.shape) * spread
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        part[:] = directions * np.exp(LENGTH_SPREAD * random.standard_normal((len(part), 1)))
    tastes = random.dirichlet(np.ones(3), size=PEOPLE)
    people = np.einsum("ut,utd->ud", tastes, centres[random.integers(topics, size=(PEOPLE, 3))])
    return items, (people + 0.5 * random.standard_normal(people.shape) * spread).astype(np.float32)


def factorized(train: Path, seed: int) -> tuple[FloatArray, FloatArray]:
    """Vectors of items and people that the matrix factorisation finds in a file of interactions."""
    matrix = sp.load_npz(train).tocsr().astype(np.float32)
    matrix.data[:] = 1.0
    chosen = Config()
    people, items = factorize(
        matrix,
        factors=chosen.factors,
        alpha=chosen.alpha,
        regularization=chosen.regularization,
        iterations=chosen.iterations,
        seed=seed,
        device=torch.device("cpu"),
    )
    return items.numpy(), people.numpy()


def contenders(count: int) -> list[Contender]:
    """What was considered for a catalogue of that size."""
    lists = lists_for(count)
    return [
        Contender("flat", partial(build, Kind.FLAT)),
        Contender("**sq8**", partial(build, Kind.SQ8)),
        Contender("**ivf_sq8**", partial(build, Kind.IVF_SQ8), _probe),
        Contender("**ivf_flat**", partial(build, Kind.IVF_FLAT), _probe),
        Contender("IVF-Flat, FAISS's own lists", partial(_factory, f"IVF{lists},Flat"), _probe),
        Contender("HNSW16, SQ8", partial(_factory, "HNSW16_SQ8"), _widen),
        Contender("HNSW32, float32", partial(_factory, "HNSW32"), _widen),
        Contender("OPQ32, IVF-PQ32x4, refined by SQ8", partial(_refined, lists), _probe_and_refine),
    ]


def _factory(recipe: str, vectors: FloatArray) -> Any:
    index = faiss.index_factory(vectors.shape[1], recipe, faiss.METRIC_INNER_PRODUCT)
    with one_thread():
        index.train(vectors)
        index.add(vectors)
    return index


def _refined(lists: int, vectors: FloatArray) -> Any:
    """Product codes of 16 bytes after a rotation; the nearest by them are measured again by codes of 64."""
    dimension = vectors.shape[1]
    rotation = faiss.OPQMatrix(dimension, 32)
    rotation.niter, rotation.max_train_points = 10, 20_000
    codes_of_two = faiss.ProductQuantizer(dimension, 32, 4)
    rotation.pq = codes_of_two
    parted = faiss.IndexIVFPQFastScan(
        faiss.IndexFlatIP(dimension), dimension, lists, 32, 4, faiss.METRIC_INNER_PRODUCT
    )
    parted.cp.spherical = True
    codes = faiss.ScalarQuantizer.QT_8bit
    exact = faiss.IndexScalarQuantizer(dimension, codes, faiss.METRIC_INNER_PRODUCT)
    index = faiss.IndexRefine(faiss.IndexPreTransform(rotation, parted), exact)
    with one_thread():
        index.train(vectors)
        index.add(vectors)
    return index


def _probe(index: Any, effort: int) -> None:
    index.nprobe = effort


def _widen(index: Any, effort: int) -> None:
    index.hnsw.efSearch = effort


def _probe_and_refine(index: Any, effort: int) -> None:
    index.k_factor = 8
    faiss.extract_index_ivf(index.base_index).nprobe = effort


def rows(items: FloatArray, people: FloatArray, seed: int, only: list[str]) -> Iterator[str]:
    """One line for each kind; before them what publication would choose, where all are asked for."""
    if not only:
        _, chosen = choose_index(items, people, DEPTH, seed)
        yield f"chosen for {len(items):,} items: {chosen.kind} {chosen.parameters}"
    truth = Truth(build(Kind.FLAT, items), queries(items, people, seed), DEPTH)
    for contender in contenders(len(items)):
        if only and not any(word in contender.name for word in only):
            continue
        began = time.thread_time()
        index = contender.make(items)
        seconds = time.thread_time() - began
        effort = _enough(contender, index, truth)
        ten, deep = truth.speed(index, RECALL_AT), truth.speed(index, DEPTH)
        size = len(faiss.serialize_index(index)) / len(items)
        yield (
            f"| {len(items):,} | {contender.name} | {effort or '-'} | {truth.recall(index, RECALL_AT):.3f} | "
            f"{ten:,.0f} | {truth.recall(index, DEPTH):.3f} | {deep:,.0f} | {size:.0f} | {seconds:.1f} |"
        )


def _enough(contender: Contender, index: Any, truth: Truth) -> int | None:
    """The least effort that reaches the target, else the greatest there is; set in the index."""
    if contender.strain is None:
        return None
    for effort in EFFORTS:
        contender.strain(index, effort)
        if truth.recall(index, RECALL_AT) >= TARGET_RECALL:
            break
    return effort


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, nargs="*", default=[], help="sizes of drawn catalogues")
    parser.add_argument("--train", type=Path, help="interactions [U, I], a CSR matrix of SciPy")
    parser.add_argument("--only", nargs="*", default=[], help="kinds whose name holds one of these words")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    sources = [partial(generated, count) for count in given.items]
    sources += [partial(factorized, given.train)] if given.train else []
    print("| items | kind | effort | recall@10 | queries/s | recall@400 | queries/s | bytes/item | build s |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for source in sources:
        for line in rows(*source(given.seed), given.seed, given.only):
            print(line, flush=True)


if __name__ == "__main__":
    main()
