"""What a blend may add to a model: what is popular, what is popular now, and what the user had before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, Self

import numpy as np

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.auto.facts import Facts
from training.benchmark.log import Clock
from training.benchmark.problem import Target
from training.datasets.interactions import Interactions
from training.models.base import Model

_POPULAR_FOR_DAYS = (3.0, 7.0, 14.0, 30.0, 90.0)
_HABIT_FOR_DAYS = (15.0, 30.0, 60.0, 120.0, 240.0)
_HABIT_FOR_STEPS = (5.0, 20.0, 100.0)
# Halvings over which popularity still tells two items apart.
_SPAN = 12.0


class Trend:
    """Logarithm of what an item's events count, halved for every so many days."""

    name: ClassVar[str] = "trend"

    def __init__(self, half_life_days: float | None) -> None:
        self.half_life_days = half_life_days

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        strength = interactions.strength(as_of, self.half_life_days)
        weight = np.asarray(strength.sum(axis=0), dtype=np.float64).ravel()
        floor = max(weight.max(initial=0.0), 1e-9) * np.exp2(-_SPAN)
        self._level = np.log2(weight + floor).astype(np.float32)
        return self

    def scores(self, users: IntArray) -> FloatArray:
        return np.tile(self._level, (len(users), 1))


class Habit:
    """What a user's own events with an item count, over the average of that; 0 where there are none."""

    name: ClassVar[str] = "habit"

    def __init__(self, half_life_days: float | None) -> None:
        self.half_life_days = half_life_days

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        self._strength = interactions.strength(as_of, self.half_life_days)
        self._strength.data /= self._strength.data.mean()
        return self

    def scores(self, users: IntArray) -> FloatArray:
        scores: FloatArray = self._strength[users].toarray().astype(np.float32)
        return scores


def ingredients(facts: Facts) -> Sequence[tuple[str, Callable[[], Model]]]:
    """Names and makers of all that such data allows."""
    found: list[tuple[str, Callable[[], Model]]] = [("trend", partial(Trend, None))]
    if facts.clock is Clock.TIMES:
        found += [(f"trend, half-life {days:g} days", partial(Trend, days)) for days in _POPULAR_FOR_DAYS]
    if facts.target is Target.ALL:
        lives = {Clock.NONE: (), Clock.STEPS: _HABIT_FOR_STEPS, Clock.TIMES: _HABIT_FOR_DAYS}[facts.clock]
        unit = "days" if facts.clock is Clock.TIMES else "steps"
        found.append(("habit", partial(Habit, None)))
        found += [(f"habit, half-life {life:g} {unit}", partial(Habit, life)) for life in lives]
    return found
