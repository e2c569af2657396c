"""Quality of recommendations on the temporal split of Online Retail, without a platform.

    python ../shared/data/splits.py SPLITS
    python benchmarks/quality.py SPLITS

reads SPLITS/online-retail-temporal/{train,test}.csv, chooses every setting on a validation window cut from
the training period, looks once at the test window, and prints the champion beside the baselines with 95 %
intervals. Below, what the second stage adds, on validation data and on the test window, paired over people.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from recolake.quality import CHAMPION, ONE_STAGE
from training.datasets.dataset import Dataset, ItemDays
from training.datasets.ids import Ids
from training.datasets.interactions import Interactions
from training.evaluation.bootstrap import mean
from training.evaluation.metrics import Values
from training.evaluation.protocol import Scores, Target
from training.experiment import Experiment, run_experiment

# Measured on the same split, see docs/benchmarks.md.
ALS = {Target.NEW_ITEMS: 0.098, Target.ALL_ITEMS: 0.276}


def read(folder: Path) -> Dataset:
    """The split as one data set; the training code must cut it at the same day by itself."""
    parts = [
        pd.read_csv(folder / f"{name}.csv", dtype={"user": str, "item": str}) for name in ("train", "test")
    ]
    events = pd.concat(parts, ignore_index=True)
    moment = pd.to_datetime(events["timestamp"]).to_numpy()
    day = moment.astype("datetime64[D]").astype(np.int64)
    weight = np.ones(len(events), dtype=np.float32)
    user, item = (Ids.of(events[name].to_numpy(dtype=np.str_)) for name in ("user", "item"))
    interactions = Interactions.of(user, item, day, weight, moment.astype("datetime64[us]").astype(np.int64))
    return Dataset(interactions, ItemDays(item, day, weight), {}, {}, {}, ())


def table(experiment: Experiment) -> str:
    """One line a model."""
    lines = [f"{'':>22} | " + " | ".join(f"{target.value:^58}" for target in Target)]
    for name, by_target in experiment.results.items():
        cells = [_cell(by_target[target]) for target in Target]
        lines.append(f"{name:>22} | " + " | ".join(cells))
    reference = [f"NDCG@10 {ALS[target]:.4f}".ljust(58) for target in Target]
    lines.append(f"{'ALS (64), reference':>22} | " + " | ".join(reference))
    return "\n".join(lines)


def compared(experiment: Experiment, seed: int) -> str:
    """What the second stage adds, by target: on validation data, which decided, and on the test window."""
    with_it, without = (
        next((t for t in experiment.validation if (t.model.ranking.second_stage is not None) is kind), None)
        for kind in (True, False)
    )
    lines = []
    for target in Target:
        if with_it is not None and without is not None:
            pair = with_it.by_target[target], without.by_target[target]
            lines.append(_difference(f"{target}, validation", *pair, seed))
        if ONE_STAGE in experiment.results:
            champion, one_stage = (experiment.results[who][target].ndcg for who in (CHAMPION, ONE_STAGE))
            lines.append(_difference(f"{target}, test", champion, one_stage, seed))
    return "\n".join(lines)


def _difference(where: str, with_it: Values, without: Values, seed: int) -> str:
    gained = mean(with_it - without, seed)
    return (
        f"{where:>22}: with {with_it.mean():.4f}, without {without.mean():.4f}, "
        f"paired {gained.value:+.4f} [{gained.low:+.4f}, {gained.high:+.4f}]"
    )


def _cell(scores: Scores) -> str:
    parts = []
    for name, estimate in scores.metrics.items():
        interval = f" [{estimate.low:.4f}, {estimate.high:.4f}]" if name.startswith("ndcg") else ""
        parts.append(f"{name.upper() if name.startswith('ndcg') else name} {estimate.value:.4f}{interval}")
    return ", ".join(parts).ljust(58)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("splits", type=Path, help="folder that splits.py wrote")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    began = time.perf_counter()
    dataset = read(given.splits / "online-retail-temporal")
    experiment = run_experiment(dataset, given.seed, lambda message: print(f"  {message}", flush=True))
    assert experiment.split is not None
    print(
        f"\ntest users: {len(experiment.results[CHAMPION][Target.NEW_ITEMS].ndcg)} with new items, "
        f"{len(experiment.results[CHAMPION][Target.ALL_ITEMS].ndcg)} with any"
    )
    print(f"chosen: {experiment.config.model_dump_json()}\n")
    print(table(experiment))
    print("\nNDCG@10 with the second stage and without it, for the same people")
    print(compared(experiment, given.seed))
    print(f"\n{time.perf_counter() - began:.1f} s, {time.process_time():.1f} s of processor time")


if __name__ == "__main__":
    main()
