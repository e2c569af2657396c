"""What decides which models fit a data set, and what they would cost on it."""

from __future__ import annotations

from dataclasses import dataclass

from training.benchmark.log import Clock
from training.benchmark.problem import Problem, Target
from training.datasets.features import NOTHING, Described


@dataclass(frozen=True)
class Facts:
    """Size and kind of what is learnt from, and what is known beside it.

    Attributes:
        entries: distinct (user, item) pairs.
        given: whether the question says what is ranked for each user, so that nothing need be found.
    """

    users: int
    items: int
    entries: int
    clock: Clock
    target: Target
    described: Described = NOTHING
    given: bool = False

    @classmethod
    def of(cls, problem: Problem) -> Facts:
        shape, clock, given = problem.catalogue.shape, problem.log.clock, problem.candidates is not None
        return cls(*shape, problem.had.nnz, clock, problem.target, problem.described, given)

    @property
    def timed(self) -> bool:
        """Whether it is known what came first."""
        return self.clock is not Clock.NONE
