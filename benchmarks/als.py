"""The matrix factorisation beside the package `implicit`: time, memory and quality at equal settings.

    python -m benchmarks.als --train SPLITS/ml-1m-80-20/train.npz --test SPLITS/ml-1m-80-20/test.npz
    python -m benchmarks.als --growth 100000 1000000 10000000

Each fit is a process of its own and they take turns; the table says the median of a few rounds. Both get the
same matrix, factors, iterations, regularisation, confidence and threads. `mib` is what a fit takes beyond
what its process held before, `process_mib` all of it; `processor` counts the seconds of all threads.
`--growth` draws so many interactions: popularity by a power law, mixed diligence, tastes in groups.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

FACTORS, ITERATIONS, REGULARIZATION, ALPHA, THREADS = 64, 15, 30.0, 1.0, 2
OURS, THEIRS = "mf", "implicit"
Vectors = npt.NDArray[np.float32]


def drawn(count: int, seed: int = 0) -> sp.csr_matrix:
    """Somewhat less than `count` distinct pairs of count/20 people and count/100 items."""
    random = np.random.default_rng(seed)
    people, items, groups = count // 20, count // 100, 8
    diligence = np.exp(random.standard_normal(people))
    popular = 1.0 / np.arange(1, items + 1) ** 0.7
    person = random.choice(people, size=count, p=diligence / diligence.sum())
    item = random.choice(items, size=count, p=popular / popular.sum())
    # Half of them stay within their group's share of the catalogue.
    stays = random.random(count) < 0.5
    item = np.where(stays, (item // groups) * groups + person % groups, item)
    kept = item < items
    pairs = (person[kept].astype(np.int32), item[kept].astype(np.int32))
    matrix = sp.csr_matrix((np.ones(len(pairs[0]), np.float32), pairs), shape=(people, items))
    matrix.data[:] = 1.0
    return matrix


def matrix_of(source: str) -> sp.csr_matrix:
    """A file's interactions, or drawn ones where the source is a number."""
    matrix = drawn(int(source)) if source.isdigit() else sp.load_npz(source).tocsr().astype(np.float32)
    matrix.data[:] = 1.0
    return matrix


def fit_ours(matrix: sp.csr_matrix, iterations: int) -> tuple[Vectors, Vectors]:
    """Vectors of people and items by the product's own solver."""
    import torch

    from training.models.matrix_factorization.solver import factorize

    torch.set_num_threads(THREADS)
    people, items = factorize(
        matrix,
        factors=FACTORS,
        alpha=ALPHA,
        regularization=REGULARIZATION,
        iterations=iterations,
        seed=0,
        device=torch.device("cpu"),
    )
    return people.numpy(), items.numpy()


def fit_theirs(matrix: sp.csr_matrix, iterations: int) -> tuple[Vectors, Vectors]:
    """The same by `implicit`, whose confidence of a pair that was seen is its alpha, not 1 + alpha."""
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(
        factors=FACTORS,
        alpha=1.0 + ALPHA,
        regularization=REGULARIZATION,
        iterations=iterations,
        num_threads=THREADS,
        random_state=0,
    )
    model.fit(matrix, show_progress=False)
    return model.user_factors, model.item_factors


def measure(who: str, source: str, iterations: int, test: Path | None) -> dict[str, float]:
    """One fit in this process; a short one before it pays for imports and warm-up."""
    fit = fit_ours if who == OURS else fit_theirs
    fit(drawn(5_000), 1)
    matrix = matrix_of(source)
    held = _resident()
    began, used = time.perf_counter(), time.process_time()
    people, items = fit(matrix, iterations)
    seconds, processor = time.perf_counter() - began, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"seconds": seconds, "processor": processor, "mib": peak - held, "process_mib": peak}
    found["interactions"] = float(matrix.nnz)
    return found | ({"ndcg@10": _ndcg(matrix, test, people, items)} if test else {})


def _resident() -> float:
    """MiB that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _ndcg(train: sp.csr_matrix, test: Path, people: Vectors, items: Vectors) -> float:
    """Full ranking, own items of train masked, mean over users with something held out."""
    from recolake.ranking.ragged import Ragged
    from training.evaluation.metrics import hits, ndcg

    held = sp.load_npz(test).tocsr()
    held.sort_indices()
    users = np.flatnonzero(np.diff(held.indptr))
    rows = np.empty((len(users), 10), dtype=np.int64)
    for start in range(0, len(users), 500):
        part = users[start : start + 500]
        scores = people[part] @ items.T
        scores[train[part].nonzero()] = -np.inf
        rows[start : start + 500] = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    truth = Ragged(held.indptr.astype(np.int64), held.indices.astype(np.int64)).take(users)
    return float(ndcg(hits(rows, truth, held.shape[1]), truth.lengths, 10).mean())


def apart(who: str, source: str, iterations: int, test: Path | None) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.als", "--one", who, source, "--iterations", str(iterations)]
    command += ["--test", str(test)] if test else []
    # Threads that wait for work must not take the other's time.
    calm = {"OMP_NUM_THREADS": str(THREADS), "OMP_WAIT_POLICY": "passive", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | calm)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(source: str, iterations: int, rounds: int, test: Path | None) -> None:
    """Both, in turns: a row each, and one of their ratios."""
    found: dict[str, list[dict[str, float]]] = {OURS: [], THEIRS: []}
    for _ in range(rounds):
        for who, runs in found.items():
            runs.append(apart(who, source, iterations, test))
    middle = {
        who: {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        for who, runs in found.items()
    }
    middle["ratio"] = {name: value / max(middle[THEIRS][name], 1e-9) for name, value in middle[OURS].items()}
    for who, values in middle.items():
        print(f"| {source} | {who} | " + " | ".join(f"{name} {value:,.4g}" for name, value in values.items()))
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", help="interactions [U, I], a CSR matrix of SciPy")
    parser.add_argument("--test", type=Path, help="held-out interactions, the same users and items")
    parser.add_argument("--growth", nargs="*", default=[], help="numbers of drawn interactions")
    parser.add_argument("--iterations", type=int, default=ITERATIONS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        who, source = given.one
        print(json.dumps(measure(who, source, given.iterations, given.test)))
        return
    if given.train:
        compare(given.train, given.iterations, given.rounds, given.test)
    for count in given.growth:
        compare(count, given.iterations, given.rounds, None)


if __name__ == "__main__":
    main()
