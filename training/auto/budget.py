"""Time: what is left of the budget, and what a trial would take of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

# Operations a second that the first trial of a model is expected to reach, until it says so itself.
_EXPECTED_RATE = 4e9
# Trials are not equally fast; the reserve for the final fit must not be eaten.
_CAUTION = 1.3
_SUSPICIOUS = 3.0


@dataclass
class Budget:
    """Seconds for everything, the final fit included.

    `rates` holds operations a second of each model's fit, `ranking` the seconds of one ranking with it.
    """

    seconds: float
    clock: Callable[[], float] = time.monotonic
    rates: dict[str, float] = field(default_factory=dict)
    ranking: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._began = self.clock()

    @property
    def spent(self) -> float:
        return self.clock() - self._began

    @property
    def left(self) -> float:
        return self.seconds - self.spent

    def learn(self, model: str, work: float, fit: float, rank: float) -> None:
        """A fit of so much work took `fit` seconds, and ranking with it `rank`.

        One that was much faster than those before found most of its work done, and says nothing.
        """
        rate, before = max(work, 1.0) / max(fit, 1e-3), self.rates.get(model)
        if before is None or rate < _SUSPICIOUS * before:
            self.rates[model] = rate
        self.ranking[model] = rank

    def predicted(self, model: str, work: float) -> float:
        """Seconds of a trial of so much work, on the safe side."""
        fit = max(work, 1.0) / self.rates.get(model, _EXPECTED_RATE)
        return _CAUTION * (fit + self.ranking.get(model, 0.0))
