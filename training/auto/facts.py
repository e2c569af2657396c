"""What decides which models fit a data set, and what they would cost on it."""

from __future__ import annotations

from dataclasses import dataclass

from training.benchmark.log import Clock
from training.benchmark.problem import Problem, Target


@dataclass(frozen=True)
class Facts:
    """Size and kind of what is learnt from; `entries` is the number of distinct (user, item) pairs."""

    users: int
    items: int
    entries: int
    clock: Clock
    target: Target

    @classmethod
    def of(cls, problem: Problem) -> Facts:
        return cls(*problem.catalogue.shape, problem.had.nnz, problem.log.clock, problem.target)

    @property
    def timed(self) -> bool:
        """Whether it is known what came first."""
        return self.clock is not Clock.NONE
