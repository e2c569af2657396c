"""What a run measured of each person, so that two runs can be compared person by person later."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recolake.quality import CHAMPION
from training.datasets.ids import StrArray
from training.evaluation.bootstrap import Estimate, mean
from training.evaluation.metrics import Values
from training.evaluation.protocol import Target

if TYPE_CHECKING:
    from training.experiment import Experiment
    from training.tracking.registry import Registry

PAIRED_FILE = "paired.npz"


@dataclass(frozen=True)
class Paired:
    """NDCG of the champion per person.

    Attributes:
        window: first and last day that was to be foreseen, days since 1970.
        people: sorted pseudonyms of those who could be measured, by target.
        ndcg: their values, in that order.
    """

    window: tuple[int, int]
    people: Mapping[Target, StrArray]
    ndcg: Mapping[Target, Values]

    @classmethod
    def of(cls, experiment: Experiment) -> Paired | None:
        """From an experiment; None where nothing was measured."""
        split, found = experiment.split, experiment.results.get(CHAMPION, {})
        if split is None or not found:
            return None
        return cls(
            (split.first_day, split.last_day),
            {target: split.train.user_ids[np.flatnonzero(target.truth(split).lengths)] for target in found},
            {target: scores.ndcg for target, scores in found.items()},
        )

    def without(self, people: Set[str]) -> Paired:
        """Of everybody else; itself where none of these people is in it."""
        stays = {t: np.array([p not in people for p in ids], dtype=bool) for t, ids in self.people.items()}
        if all(kept.all() for kept in stays.values()):
            return self
        return Paired(
            self.window,
            {target: ids[stays[target]] for target, ids in self.people.items()},
            {target: values[stays[target]] for target, values in self.ndcg.items()},
        )

    def to_bytes(self) -> bytes:
        arrays: dict[str, np.ndarray] = {"window": np.array(self.window, dtype=np.int64)}
        for target, people in self.people.items():
            arrays |= {f"{target}.people": people, f"{target}.ndcg": self.ndcg[target]}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        return buffer.getvalue()

    @classmethod
    def read(cls, path: Path) -> Paired:
        with np.load(path, allow_pickle=False) as found:
            first, last = found["window"].tolist()
            there = [target for target in Target if f"{target}.people" in found]
            return cls(
                (first, last),
                {target: found[f"{target}.people"] for target in there},
                {target: found[f"{target}.ndcg"] for target in there},
            )


@dataclass(frozen=True, slots=True)
class Difference:
    """NDCG of the second less that of the first, over the people whom both were measured on."""

    people: int
    estimate: Estimate


def differences(one: Paired, other: Paired, seed: int = 0) -> dict[Target, Difference]:
    """By target, with 95 % intervals from resampling people; empty where the windows are not the same."""
    if one.window != other.window:
        return {}
    found = {}
    for target in one.people.keys() & other.people.keys():
        both, here, there = np.intersect1d(
            one.people[target], other.people[target], assume_unique=True, return_indices=True
        )
        if len(both):
            gained = other.ndcg[target][there] - one.ndcg[target][here]
            found[target] = Difference(len(both), mean(gained, seed))
    return {target: found[target] for target in Target if target in found}


def log_paired(experiment: Experiment) -> None:
    """Into the active run, where anything was measured."""
    import mlflow

    paired = Paired.of(experiment)
    if paired is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PAIRED_FILE
        path.write_bytes(paired.to_bytes())
        mlflow.log_artifact(str(path))


def read_paired(registry: Registry, run_id: str) -> Paired | None:
    """What a run wrote down; None if it is from before there was such a thing, or measured nobody."""
    if PAIRED_FILE not in {entry.path for entry in registry.client.list_artifacts(run_id)}:
        return None
    with tempfile.TemporaryDirectory() as folder:
        return Paired.read(Path(registry.client.download_artifacts(run_id, PAIRED_FILE, folder)))
