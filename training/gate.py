"""Whether a model may be published. What passes here was measured on data that it had not seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from recolake.quality import CHAMPION
from training.evaluation.bootstrap import mean
from training.evaluation.protocol import METRIC, Scores, Target
from training.experiment import Results
from training.models.popularity.model import Popularity

# A refresh is measured on another window than its predecessor was; seasons alone move the figure by a tenth.
_NOT_WORSE = 0.8
_TOO_LITTLE = (
    "too little data: nobody known from before the test window (the last fifth of the days, at most 31) "
    "took an item known from before within it, so nothing can be measured"
)


class Kind(StrEnum):
    """Why the model was trained; each kind has a bar of its own."""

    FIRST = "first"
    REFRESH = "refresh"
    NEW_CONFIGURATION = "new_configuration"


@dataclass(frozen=True)
class Verdict:
    """Whether the gate lets a model pass, and a sentence for everything it looked at."""

    kind: Kind
    passed: bool
    reasons: tuple[str, ...]


def judge(
    kind: Kind,
    results: Results,
    *,
    recorded: Mapping[Target, float] | None = None,
    incumbent: Mapping[Target, Scores] | None = None,
    seed: int = 0,
) -> Verdict:
    """Hold a model against its bar.

    Args:
        results: scores of the champion-to-be and of the baselines on the test window.
        recorded: NDCG that the served model had when it was trained; asked of a refresh.
        incumbent: scores of the served model's configuration on this very window, trained on the same data;
            asked of a new configuration.
    """
    mine = results.get(CHAMPION, {})
    if not mine:
        return Verdict(kind, False, (_TOO_LITTLE,))
    checks = [_beats_popularity(target, results) for target in mine]
    if kind is Kind.REFRESH:
        checks += [
            _not_worse(target, mine[target], value)
            for target, value in (recorded or {}).items()
            if target in mine
        ]
    if kind is Kind.NEW_CONFIGURATION:
        checks += _better(mine, incumbent or {}, seed)
    return Verdict(kind, all(passed for passed, _ in checks), tuple(sentence for _, sentence in checks))


def _beats_popularity(target: Target, results: Results) -> tuple[bool, str]:
    mine, bar = (results[name][target].metrics[METRIC].value for name in (CHAMPION, Popularity.name))
    passed = mine > bar
    word = "beats" if passed else "does not beat"
    return passed, f"{target}: {METRIC} {mine:.4f} {word} popularity's {bar:.4f}"


def _not_worse(target: Target, mine: Scores, recorded: float) -> tuple[bool, str]:
    value, bar = mine.metrics[METRIC].value, _NOT_WORSE * recorded
    passed = value >= bar
    word = "at least" if passed else "below"
    return passed, f"{target}: {METRIC} {value:.4f}, {word} 0.8 of the served model's {recorded:.4f}"


def _better(
    mine: Mapping[Target, Scores], theirs: Mapping[Target, Scores], seed: int
) -> list[tuple[bool, str]]:
    """Surely better on one target, surely worse on none: paired over users."""
    intervals = {t: _difference(mine[t], theirs[t], seed) for t in mine if t in theirs}
    surely_better = any(low > 0 for low, _ in intervals.values())
    found = [
        (
            high >= 0,
            f"{target}: {METRIC} differs from the served one's by {low:+.4f} to {high:+.4f}",
        )
        for target, (low, high) in intervals.items()
    ]
    sentence = "surely better" if surely_better else "not surely better"
    return [*found, (surely_better, f"{sentence} than the served configuration on a target")]


def _difference(mine: Scores, theirs: Scores, seed: int) -> tuple[float, float]:
    """95 % interval of the mean difference of NDCG over the same users."""
    difference = mean(mine.ndcg - theirs.ndcg, seed)
    return difference.low, difference.high
