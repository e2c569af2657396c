"""What a model makes of a question: chosen on validation data, fitted to all of train, measured once."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recolake.ranking.items import IntArray
from training.auto.budget import Budget
from training.auto.run import Chosen, choose
from training.auto.rung import Rung, Tools
from training.benchmark.measures import Measured, measure
from training.benchmark.problem import Problem
from training.benchmark.ranking import ranked
from training.benchmark.recommend import with_fallback
from training.benchmark.validation import Validation


@dataclass(frozen=True)
class Question:
    """What every model is asked: the problem, what may be tuned on, the cut-offs, and the means."""

    problem: Problem
    cut: Validation | None
    ks: tuple[int, ...]
    tools: Tools


@dataclass(frozen=True)
class Answer:
    """Attributes:
    rows: [asked users, k] what every user of the test set is recommended.
    seconds: of each step, and the budget.
    """

    chosen: Chosen
    rows: IntArray
    measured: Measured
    seconds: Mapping[str, float]


def answer(question: Question, ladder: Sequence[Rung], budget: Budget) -> Answer:
    """Raises InvalidInputError where the data lacks what the models need."""
    problem, tools, ks = question.problem, question.tools, question.ks
    valid = question.cut.problem if question.cut else None
    chosen = choose(ladder, problem, valid, ks, budget, tools, tools.progress)
    tuned = budget.spent
    tools.progress(f"fitting {chosen.choice.name} to all of train")
    began = time.perf_counter()
    score = with_fallback(problem, chosen.choice.fit(problem, tools), chosen.choice.reads_users)
    fitted = time.perf_counter()
    rows = ranked(problem, score, problem.asked, max(ks))
    ended = time.perf_counter()
    total = budget.spent
    of_measured = rows[np.searchsorted(problem.asked, problem.measured)]
    measured = measure(problem, of_measured, problem.measured, ks, tools.seed)
    seconds = {"tuning": tuned, "fit": fitted - began, "rank": ended - fitted, "total": total}
    return Answer(chosen, rows, measured, {**seconds, "budget": budget.seconds})
