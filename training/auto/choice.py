"""What was chosen: parts with their configurations and weights, that can be fitted to any problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from training.auto.blend import blended
from training.auto.rung import Tools
from training.benchmark.problem import Problem
from training.benchmark.ranking import Score
from training.evaluation.bootstrap import mean
from training.evaluation.metrics import Values
from training.models.base import Model


@dataclass(frozen=True)
class ChosenPart:
    """A model that is not fitted yet, and its weight in the blend; `reads_users`: see `Rung`."""

    name: str
    config: Mapping[str, Any]
    make: Callable[[Tools], Model]
    weight: float = 1.0
    reads_users: bool = False


@dataclass(frozen=True)
class Choice:
    """Something that could be picked.

    Attributes:
        cost: of the dearest part; a blend costs more than any of them alone.
        quality: [V] on validation data; None where there is none.
    """

    name: str
    parts: tuple[ChosenPart, ...]
    cost: float
    quality: Values | None = None

    @property
    def mean(self) -> float | None:
        return None if self.quality is None else float(self.quality.mean())

    @property
    def reads_users(self) -> bool:
        """Whether it scores people by what they are, where there is no history."""
        return all(part.reads_users for part in self.parts)

    def fit(self, problem: Problem, tools: Tools) -> Score:
        """Fitted to the log of the problem."""
        log = problem.log
        fitted = [part.make(tools).fit(problem.interactions, log.as_of) for part in self.parts]
        if len(fitted) == 1:
            return fitted[0].scores
        return blended(fitted, [part.weight for part in self.parts], problem.people > 0)

    def described(self) -> Mapping[str, Any]:
        parts = [{"model": p.name, "weight": round(p.weight, 4), "config": p.config} for p in self.parts]
        return {"model": self.name, "parts": parts}


class Pickable(Protocol):
    """What can be picked: see `Choice`."""

    @property
    def cost(self) -> float:
        """On the ladder."""

    @property
    def quality(self) -> Values | None:
        """Of each validation user, the same for all choices."""

    @property
    def mean(self) -> float | None:
        """Over them."""


P = TypeVar("P", bound=Pickable)


def pick(choices: Sequence[P], seed: int) -> P:
    """The cheapest of those that the best one is not better than by more than noise; of equal cost, the best.

    Better than by more than noise: the 95 % interval of the paired difference over users excludes 0.
    """
    measured = [(choice, choice.quality) for choice in choices if choice.quality is not None]
    if not measured:
        return choices[0]
    leader, leading = max(measured, key=lambda found: float(np.mean(found[1])))
    near = [choice for choice, quality in measured if choice is leader or not better(leading, quality, seed)]
    return min(near, key=lambda choice: (choice.cost, -(choice.mean or 0.0)))


def better(one: Values, other: Values, seed: int) -> bool:
    """Whether one is better than the other for the same users, by an interval that excludes no gain."""
    return mean(one - other, seed).low > 0
