"""A person's history with what they took just now at its head."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recolake.profile.deeds import Recent
from recolake.ranking.users import HISTORY_HALF_LIFE_DAYS, Habits

_DAY = 86_400_000_000
Held = tuple[list[str], list[float], Habits | None]


def with_taken(
    history: Sequence[str], weights: Sequence[float], habits: Habits | None, recent: Recent
) -> Held:
    """History, weights and habits as the next build will have them, as far as it can be told now.

    Weights are those of the history's own last day, from which on nothing of it has faded; what was taken
    later weighs more by as much as the history has faded since. What the history has of the same day or
    later is in it already.

    Args:
        weights: of the history.
        habits: when it was taken; None where nobody said, and then of the whole answer.
    """
    if not recent.seen:
        return list(history), list(weights), habits
    days = {item: at // _DAY for item, at in zip(recent.seen, recent.seen_times, strict=True)}
    last_day = int(habits.last.max()) if habits is not None and len(habits) else None
    place = {item: number for number, item in enumerate(history)}
    counted = list(weights)
    said = _Days.of(habits, len(history))
    fresh, fresh_weights, fresh_days = [], [], []
    for item, day in days.items():
        weight = 1.0 if last_day is None else float(2 ** ((day - last_day) / HISTORY_HALF_LIFE_DAYS))
        at = place.get(item)
        if at is None:
            fresh.append(item)
            fresh_weights.append(weight)
            fresh_days.append(day)
        elif said is not None and day > said.last[at]:
            counted[at] += weight
            said.days[at] += 1
            said.last[at] = day
    merged = None
    if said is not None:
        merged = Habits.of([1] * len(fresh) + said.days, fresh_days + said.first, fresh_days + said.last)
    elif not history:
        merged = Habits.of([1] * len(fresh), fresh_days, fresh_days)
    return [*fresh, *history], [*fresh_weights, *counted], merged


class _Days:
    """Habits as lists that may be changed."""

    def __init__(self, habits: Habits) -> None:
        self.days, self.first, self.last = (
            np.asarray(part).tolist() for part in (habits.days, habits.first, habits.last)
        )

    @classmethod
    def of(cls, habits: Habits | None, count: int) -> _Days | None:
        """None where they say nothing of a history of so many."""
        return None if habits is None or len(habits) != count or not count else cls(habits)
