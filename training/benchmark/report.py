"""The report of an evaluation: one JSON object."""

from __future__ import annotations

import platform
import resource
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict

from recolake.files import write_atomically
from training.benchmark.answer import Answer, Question
from training.benchmark.measures import compared
from training.benchmark.validation import Validation

_LIBRARIES = ("recolake", "numpy", "scipy", "torch")
_KIB_A_MIB = 1024


class Report(BaseModel):
    """See docs/reference/evaluation-report.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    target: str
    seed: int
    chosen: Mapping[str, Any]
    metrics: Mapping[str, Mapping[str, float]]
    users: Mapping[str, Any]
    data: Mapping[str, int]
    validation: Mapping[str, Any]
    leaderboard: list[Mapping[str, Any]]
    trials: list[Mapping[str, Any]]
    skipped: Mapping[str, str]
    seconds: Mapping[str, float]
    against: Mapping[str, Any] | None
    peak_memory_mib: float
    versions: Mapping[str, str]

    def write(self, path: Path) -> None:
        """Whole or not at all."""
        write_atomically(path, orjson.dumps(self.model_dump(), option=orjson.OPT_INDENT_2))


def report(
    model: str, question: Question, found: Answer, against: str | None = None, other: Answer | None = None
) -> Report:
    """Everything that the file says. `other` is what the model `against` answered."""
    problem, chosen, seed = question.problem, found.chosen, question.tools.seed
    users, items = problem.catalogue.shape
    return Report(
        model=model,
        target=problem.target.value,
        seed=seed,
        chosen=chosen.choice.described(),
        metrics={
            name: {"value": one.value, "low": one.low, "high": one.high}
            for name, one in sorted(found.measured.metrics.items())
        },
        users={
            "in_test": len(problem.asked),
            "measured": len(problem.measured),
            "left_out": {why: count for why, count in problem.left_out.items() if count},
        },
        data={
            "users": users,
            "items": items,
            "events": len(problem.log),
            "pairs": problem.had.nnz,
        },
        validation=_validation(question.cut),
        leaderboard=[
            {"model": c.name, "ndcg": c.mean, "parts": c.described()["parts"]} for c in chosen.leaderboard
        ],
        trials=[trial.described() for trial in chosen.trials],
        skipped=chosen.skipped,
        seconds={name: round(value, 2) for name, value in found.seconds.items()},
        against=_against(against, found, other, seed) if against and other else None,
        peak_memory_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_A_MIB, 1),
        versions={"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
    )


def _against(name: str, found: Answer, other: Answer, seed: int) -> Mapping[str, Any]:
    return {
        "model": name,
        "chosen": other.chosen.choice.described(),
        "metrics": {
            metric: {
                "value": other.measured.metrics[metric].value,
                "gain": gain.value,
                "low": gain.low,
                "high": gain.high,
            }
            for metric, gain in sorted(compared(found.measured, other.measured, seed).items())
        },
    }


def _validation(found: Validation | None) -> Mapping[str, Any]:
    if found is None:
        return {"rule": "none: train is too small", "users": 0, "events": 0}
    held = int(found.problem.truth.lengths.sum())
    rule = found.rule.value if found.rule else "given as a file"
    return {"rule": rule, "users": len(found.problem.measured), "events": held}
