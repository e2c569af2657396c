"""One evaluation: a log and a policy in, estimates with intervals and diagnostics out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from training.evaluation.metrics import Values
from training.off_policy.cross_fit import cross_fitted
from training.off_policy.diagnostics import (
    Diagnostics,
    diagnose,
    explained_share,
    unsupported_share,
    warnings,
)
from training.off_policy.errors import NoSupportError
from training.off_policy.estimators import (
    DR,
    ESTIMATORS,
    LOGGED,
    MEAN_WEIGHT,
    Difference,
    Statistic,
    importance,
    per_unit,
    terms,
)
from training.off_policy.intervals import Interval, Method, intervals
from training.off_policy.log import BanditLog
from training.off_policy.policy import Table

_LOGGED, _MEAN_WEIGHT, _VERSUS = "logged", "mean weight", "{} - logged"


@dataclass(frozen=True)
class Question:
    """How to estimate; the values chosen when nothing is said.

    Attributes:
        clip: the largest weight allowed; None for no limit.
    """

    clip: float | None = None
    method: Method = Method.BOOTSTRAP
    confidence: float = 0.95
    seed: int = 0


@dataclass(frozen=True)
class Estimated:
    """The evaluated policy's value by one estimator, and by how much it is above the logging policy's."""

    value: Interval
    difference: Interval


@dataclass(frozen=True)
class Evaluation:
    """What the log says of the policy.

    Attributes:
        logged: the logging policy's own value: the mean reward.
        explained: share of the rewards' variance that the reward model foretells in unseen rows; None where
            there is none.
    """

    logged: Interval
    estimates: Mapping[str, Estimated]
    diagnostics: Diagnostics
    explained: float | None
    warnings: tuple[str, ...]


def evaluate(
    log: BanditLog,
    table: Table | None,
    question: Question,
    progress: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """Without a table the log's own column of chances is the policy, and DR is left out.

    Raises:
        NoSupportError: nothing that the policy does is in the log.
    """
    chances = _chances(log, table)
    raw = importance(chances, log.propensity)
    used = importance(chances, log.propensity, question.clip)
    expected = cross_fitted(log, table, question.seed, progress) if table else None
    units = per_unit(terms(used, log.reward, expected), log.unit)
    names = [name for name in ESTIMATORS if name != DR or expected]
    statistics: dict[str, Statistic] = {_LOGGED: LOGGED, _MEAN_WEIGHT: MEAN_WEIGHT}
    for name in names:
        statistics[name] = ESTIMATORS[name]
        statistics[_VERSUS.format(name)] = Difference(ESTIMATORS[name], LOGGED)
    found = intervals(statistics, units, question.method, question.confidence, question.seed, progress)
    unsupported = unsupported_share(table, log) if table else None
    diagnostics = diagnose(raw, used, found[_MEAN_WEIGHT], unsupported)
    return Evaluation(
        logged=found[_LOGGED],
        estimates={name: Estimated(found[name], found[_VERSUS.format(name)]) for name in names},
        diagnostics=diagnostics,
        explained=explained_share(log.reward, expected.logged) if expected else None,
        warnings=tuple(warnings(diagnostics)),
    )


def _chances(log: BanditLog, table: Table | None) -> Values:
    if table is not None:
        return table.of_logged(log)
    if log.given is None:
        raise NoSupportError("The log has no column of the evaluated policy's chances.")
    return log.given
