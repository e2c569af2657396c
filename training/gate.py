"""Whether a model may be published. What passes here was measured on data that it had not seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from recolake.quality import CHAMPION, by_slice, by_who
from training.evaluation.bootstrap import Estimate, mean
from training.evaluation.metrics import Values
from training.evaluation.protocol import METRIC, Scores, Target
from training.evaluation.slices import Slice
from training.experiment import Results
from training.models.popularity.model import Popularity

# A refresh is measured on another window than its predecessor was; seasons alone move the figure by a tenth.
_NOT_WORSE = 0.8
# Resampling fewer people than this gives intervals that are far too narrow.
_ENOUGH_PEOPLE = 30
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
class Check:
    """One thing that the gate looked at, in a sentence."""

    passed: bool
    sentence: str


@dataclass(frozen=True)
class Verdict:
    """Whether the gate lets a model pass: it does if every check does."""

    kind: Kind
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def reasons(self) -> tuple[str, ...]:
        """A sentence for everything that was looked at."""
        return tuple(check.sentence for check in self.checks)

    @property
    def refusals(self) -> tuple[str, ...]:
        """Those that turned the model down."""
        return tuple(check.sentence for check in self.checks if not check.passed)


@dataclass(frozen=True)
class Recorded:
    """NDCG that the served model had on its own window: by target, and by target and slice."""

    targets: Mapping[Target, float] = field(default_factory=dict)
    slices: Mapping[tuple[Target, Slice], float] = field(default_factory=dict)

    @classmethod
    def of(cls, logged: Mapping[str, float]) -> Recorded:
        """From the metrics of its run."""
        targets, slices = by_who(logged).get(CHAMPION, {}), by_slice(logged, CHAMPION)
        return cls(
            {target: targets[target][METRIC] for target in Target if METRIC in targets.get(target, {})},
            {
                (target, part): slices[target][part][METRIC]
                for target in Target
                for part in Slice
                if METRIC in slices.get(target, {}).get(part, {})
            },
        )


def judge(
    kind: Kind,
    results: Results,
    *,
    recorded: Recorded | None = None,
    incumbent: Mapping[Target, Scores] | None = None,
    seed: int = 0,
) -> Verdict:
    """Hold a model against its bar.

    Args:
        results: scores of the champion-to-be and of the baselines on the test window.
        recorded: what the served model reached when it was trained; asked of a refresh.
        incumbent: scores of the served model's configuration on this very window, trained on the same data;
            asked of a new configuration.
    """
    mine = results.get(CHAMPION, {})
    if not mine:
        return Verdict(kind, (Check(False, _TOO_LITTLE),))
    checks = [_beats_popularity(target, results) for target in mine]
    if kind is Kind.REFRESH:
        checks += _not_worse(mine, recorded or Recorded())
    if kind is Kind.NEW_CONFIGURATION:
        checks += [*_better(mine, incumbent or {}, seed), *_slices_not_worse(mine, incumbent or {}, seed)]
    return Verdict(kind, tuple(checks))


def _beats_popularity(target: Target, results: Results) -> Check:
    mine, bar = (results[name][target].metrics[METRIC].value for name in (CHAMPION, Popularity.name))
    passed = mine > bar
    word = "beats" if passed else "does not beat"
    return Check(passed, f"{target}: {METRIC} {mine:.4f} {word} popularity's {bar:.4f}")


def _not_worse(mine: Mapping[Target, Scores], recorded: Recorded) -> Iterator[Check]:
    """Each target's value reaches the margin; of slices, which have fewer people, the upper bound does."""
    for target, before in recorded.targets.items():
        if target in mine:
            value = mine[target].metrics[METRIC].value
            yield _reaches(str(target), f"{value:.4f}", value, before)
    for (target, part), before in recorded.slices.items():
        sliced = mine[target].slices.get(part) if target in mine else None
        if sliced is None:
            continue
        where, found = f"{target}, {part}", sliced.estimate
        if len(sliced.ndcg) < _ENOUGH_PEOPLE:
            yield _too_few(where, sliced.ndcg)
        else:
            yield _reaches(where, _interval(found), found.high, before)


def _reaches(where: str, shown: str, value: float, before: float) -> Check:
    passed = value >= _NOT_WORSE * before
    word = "at least" if passed else "below"
    return Check(passed, f"{where}: {METRIC} {shown}, {word} {_NOT_WORSE} of the served model's {before:.4f}")


def _better(mine: Mapping[Target, Scores], theirs: Mapping[Target, Scores], seed: int) -> Iterator[Check]:
    """Surely better on one target, surely worse on none: paired over users."""
    surely_better = False
    for target in mine:
        if target in theirs:
            gained = mean(mine[target].ndcg - theirs[target].ndcg, seed)
            surely_better |= gained.low > 0
            yield _differs(str(target), gained)
    sentence = "surely better" if surely_better else "not surely better"
    yield Check(surely_better, f"{sentence} than the served configuration on a target")


def _slices_not_worse(
    mine: Mapping[Target, Scores], theirs: Mapping[Target, Scores], seed: int
) -> Iterator[Check]:
    """Surely worse on no slice: paired over its users."""
    for target in mine:
        for part, sliced in mine[target].slices.items():
            other = theirs[target].slices.get(part) if target in theirs else None
            if other is None:
                continue
            where = f"{target}, {part}"
            if len(sliced.ndcg) < _ENOUGH_PEOPLE:
                yield _too_few(where, sliced.ndcg)
            else:
                yield _differs(where, mean(sliced.ndcg - other.ndcg, seed))


def _differs(where: str, gained: Estimate) -> Check:
    sentence = f"{where}: {METRIC} differs from the served one's by {gained.low:+.4f} to {gained.high:+.4f}"
    return Check(gained.high >= 0, sentence)


def _too_few(where: str, values: Values) -> Check:
    return Check(True, f"{where}: {len(values)} people are too few to judge by")


def _interval(found: Estimate) -> str:
    return f"{found.value:.4f} ({found.low:.4f} to {found.high:.4f})"
