"""The report of an off-policy evaluation: one JSON object."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict

from recolake.files import write_atomically
from training.evaluation.bootstrap import SAMPLES
from training.off_policy.cross_fit import FOLDS
from training.off_policy.estimators import DR
from training.off_policy.evaluate import Evaluation, Question
from training.off_policy.intervals import Method
from training.off_policy.log import BanditLog

_LIBRARIES = ("recolake", "numpy", "scipy", "pandas")
_WITHOUT_DR = "The policy's chances are known for logged actions only; DR needs those of all actions."


class Report(BaseModel):
    """See docs/reference/off-policy-report.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: str
    log: Mapping[str, Any]
    columns: Mapping[str, Any]
    interval: Mapping[str, Any]
    clip: float | None
    seed: int
    logged: Mapping[str, float]
    estimates: Mapping[str, Mapping[str, Any]]
    left_out: Mapping[str, str]
    diagnostics: Mapping[str, Any]
    reward_model: Mapping[str, Any] | None
    warnings: tuple[str, ...]
    seconds: float
    versions: Mapping[str, str]

    def write(self, path: Path) -> None:
        """Whole or not at all."""
        write_atomically(path, orjson.dumps(self.model_dump(), option=orjson.OPT_INDENT_2) + b"\n")


def report(
    policy: str, path: Path, log: BanditLog, question: Question, found: Evaluation, seconds: float
) -> Report:
    """Everything that the file says; `policy` as it was asked for."""
    resamples = SAMPLES if question.method is Method.BOOTSTRAP else None
    return Report(
        policy=policy,
        log={
            "file": path.name,
            "rows": len(log),
            "units": log.units,
            "actions": len(log.action.names),
            "positions": len(log.position.names),
            "contexts": len(log.context.names),
        },
        columns=asdict(log.columns),
        interval={
            "method": question.method.value,
            "confidence": question.confidence,
            "resamples": resamples,
        },
        clip=question.clip,
        seed=question.seed,
        logged=asdict(found.logged),
        estimates={
            name: {**asdict(estimated.value), "difference": asdict(estimated.difference)}
            for name, estimated in found.estimates.items()
        },
        left_out={} if DR in found.estimates else {DR: _WITHOUT_DR},
        diagnostics=asdict(found.diagnostics),
        reward_model=None if found.explained is None else {"folds": FOLDS, "explained": found.explained},
        warnings=found.warnings,
        seconds=round(seconds, 2),
        versions={"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
    )
