"""The options of `recolake ope`, checked."""

from __future__ import annotations

import math
from pathlib import Path

from recolake.errors import InvalidInputError
from training.off_policy.errors import PolicyError
from training.off_policy.evaluate import Question
from training.off_policy.intervals import Method
from training.off_policy.log import BanditLog, Columns, read_log
from training.off_policy.policy import COLUMN_PREFIX, UNIFORM, Table, read_policy, uniform


def columns(
    context: str | None, action: str, position: str | None, reward: str, propensity: str, unit: str | None
) -> Columns:
    """What the columns are called; `--context ""` and `--position ""` are none."""
    named = None if context is None else tuple(part.strip() for part in context.split(",") if part.strip())
    return Columns(named, action, position, reward, propensity, unit)


def question(clip: float | None, interval: str, confidence: float, seed: int) -> Question:
    """How to estimate.

    Raises:
        InvalidInputError: no such interval, a clip that is not above 0, a confidence not between 0 and 1.
    """
    if interval not in list(Method):
        raise InvalidInputError(f"--interval {interval} is neither {' nor '.join(Method)}.")
    if clip is not None and not (clip > 0 and math.isfinite(clip)):
        raise InvalidInputError(f"--clip {clip:g} is not above 0.", hint="Leave it out to clip nothing.")
    if not 0 < confidence < 1:
        raise InvalidInputError(f"--confidence {confidence:g} is not between 0 and 1.")
    return Question(clip, Method(interval), confidence, seed)


def inputs(log: Path, policy: str, names: Columns) -> tuple[BanditLog, Table | None]:
    """The log and the policy; no table where the policy is a column of the log.

    Raises:
        EvaluationFileError, PolicyError: one of them cannot be used.
    """
    if policy.startswith(COLUMN_PREFIX):
        return read_log(log, names, policy.removeprefix(COLUMN_PREFIX)), None
    if policy != UNIFORM and not Path(policy).exists():
        raise PolicyError(
            f"There is no policy file {policy}.",
            hint=f"--policy takes a file, {UNIFORM}, or {COLUMN_PREFIX}NAME for a column of the log.",
        )
    read = read_log(log, names)
    return read, uniform(read) if policy == UNIFORM else read_policy(Path(policy), read)
