"""What decides which models fit a data set, and what they would cost on it."""

from __future__ import annotations

from dataclasses import dataclass

from training.benchmark.log import Clock
from training.benchmark.problem import Problem, Target
from training.datasets.features import NOTHING, Described


@dataclass(frozen=True)
class Facts:
    """Size and kind of what is learnt from, and what is known beside it; `entries` are distinct pairs."""

    users: int
    items: int
    entries: int
    clock: Clock
    target: Target
    described: Described = NOTHING

    @classmethod
    def of(cls, problem: Problem) -> Facts:
        return cls(
            *problem.catalogue.shape, problem.had.nnz, problem.log.clock, problem.target, problem.described
        )

    @property
    def timed(self) -> bool:
        """Whether it is known what came first."""
        return self.clock is not Clock.NONE
