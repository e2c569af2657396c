"""What a blend may add to a model: what is popular, what is popular now, and what the user had before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from training.auto.facts import Facts
from training.benchmark.log import Clock
from training.benchmark.problem import Target
from training.models.base import Model
from training.models.habit.model import Habit
from training.models.trend.model import Trend

_POPULAR_FOR_DAYS = (3.0, 7.0, 14.0, 30.0, 90.0)
_HABIT_FOR_DAYS = (15.0, 30.0, 60.0, 120.0, 240.0)
_HABIT_FOR_STEPS = (5.0, 20.0, 100.0)


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
