"""Tuning: one knob after the other, in the direction that helps, until none does or the time is up."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from training.auto.budget import Budget
from training.auto.facts import Facts
from training.auto.rung import Knob, Rung
from training.models.base import Model

# Below this, a step is noise and not worth its time.
_WORTHWHILE = 1.0005


class Tried(Protocol):
    """What a configuration came to."""

    @property
    def config(self) -> BaseModel:
        """Of the model."""

    @property
    def mean(self) -> float:
        """Larger is better."""


T = TypeVar("T", bound=Tried)
_T = TypeVar("_T", bound=Tried, covariant=True)


class Bench(Protocol[_T]):
    """Where configurations are tried; what a trial took, the budget is told."""

    @property
    def facts(self) -> Facts:
        """About the data."""

    @property
    def budget(self) -> Budget:
        """What is left."""

    def run(self, rung: Rung, config: BaseModel, *, again: bool = False) -> tuple[_T, Model]:
        """Fit and measure; `again` where the costly part of the fit is there already."""


@dataclass
class Search(Generic[T]):
    """The trials of one model. `model` is the one fitted with the best configuration."""

    rung: Rung
    bench: Bench[T]
    until: Callable[[Search[T]], float]
    progress: Callable[[str], None]
    trials: dict[BaseModel, T] = field(default_factory=dict)
    best: T | None = None
    model: Model | None = None
    short_of_time: bool = False
    _part: Hashable = None

    def run(self) -> Search[T]:
        """`until` gives the seconds that this search may still use; no trial begins that would need more."""
        self._try(self.rung.start(self.bench.facts))
        knobs = [knob for knob in self.rung.knobs(self.bench.facts) if knob.values]
        improved = self.best is not None
        while improved:
            turned = [self._turn(knob) for knob in knobs]
            improved = any(turned)
        return self

    def _turn(self, knob: Knob) -> bool:
        """Whether another value of the knob was better."""
        return any(self._walk(knob, step) for step in (1, -1))

    def _walk(self, knob: Knob, step: int) -> bool:
        assert self.best is not None
        moved = False
        place = _place(knob, getattr(self.best.config, knob.field)) + step
        while 0 <= place < len(knob.values):
            found = self._try(self.best.config.model_copy(update={knob.field: knob.values[place]}))
            if not found:
                break
            moved, place = True, place + step
        return moved

    def _try(self, config: BaseModel) -> bool:
        """Whether it is the best so far; False, and not tried, where there is no time for it."""
        if config in self.trials:
            return False
        part, work = self.rung.part(config), self.rung.work(self.bench.facts, config)
        again = part is not None and part == self._part
        if self.bench.budget.predicted(self.rung.name, work, again=again) > self.until(self):
            self.short_of_time = True
            return False
        trial, model = self.bench.run(self.rung, config, again=again)
        self._part = part
        self.trials[config] = trial
        self.progress(f"{self.rung.name} {_brief(config)}: NDCG {trial.mean:.4f}")
        if self.best is not None and trial.mean <= self.best.mean * _WORTHWHILE:
            return False
        self.best, self.model = trial, model
        return True


def _place(knob: Knob, value: object) -> int:
    """Where the value stands among the knob's; before the first larger one where it is none of them."""
    if value in knob.values:
        return knob.values.index(value)
    return sum(known is not None and known < value for known in knob.values)


def _brief(config: BaseModel) -> str:
    return ", ".join(f"{name} {value}" for name, value in config.model_dump().items() if value is not None)
