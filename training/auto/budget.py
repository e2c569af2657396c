"""Time: what is left of the budget, and what a trial would take of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

# Operations a second that the first trial of a model is expected to reach, until it says so itself.
_EXPECTED_RATE = 4e9
# Trials are not equally fast; the reserve for the final fit must not be eaten.
_CAUTION = 1.3
# What a fit is expected to take of a whole one where its costly part is there already, until one was timed.
_EXPECTED_SHARE = 0.25


@dataclass
class Budget:
    """Seconds for everything, the final fit included.

    `rates` holds operations a second of each model's whole fit, `again` the seconds of a fit whose costly
    part was there already, `ranking` the seconds of one ranking with the model.
    """

    seconds: float
    clock: Callable[[], float] = time.monotonic
    rates: dict[str, float] = field(default_factory=dict)
    again: dict[str, float] = field(default_factory=dict)
    ranking: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._began = self.clock()

    @property
    def spent(self) -> float:
        return self.clock() - self._began

    @property
    def left(self) -> float:
        return self.seconds - self.spent

    def until(self, moment: float) -> float:
        """Seconds until so many are spent."""
        return moment - self.spent

    def learn(self, model: str, work: float, fit: float, rank: float, *, again: bool = False) -> None:
        """A fit of so much work took `fit` seconds, and ranking with it `rank`; `again`: see `predicted`."""
        if again:
            self.again[model] = fit
        else:
            self.rates[model] = max(work, 1.0) / max(fit, 1e-3)
        self.ranking[model] = rank

    def whole_fit(self, model: str, work: float) -> float:
        """Seconds of a fit of so much work for which nothing is there."""
        return max(work, 1.0) / self.rates.get(model, _EXPECTED_RATE)

    def predicted(self, model: str, work: float, *, again: bool = False) -> float:
        """Seconds of a trial of so much work, on the safe side.

        `again`: the costly part of its fit is there already.
        """
        fit = self.whole_fit(model, work)
        if again:
            fit = min(self.again.get(model, _EXPECTED_SHARE * fit), fit)
        return _CAUTION * (fit + self.ranking.get(model, 0.0))
