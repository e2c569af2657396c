"""One evaluation, from loaded files to a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recolake.ranking.items import IntArray
from training.auto.budget import Budget
from training.auto.ladder import rungs
from training.auto.rung import Tools
from training.benchmark.answer import Question, answer
from training.benchmark.load import Loaded
from training.benchmark.report import Report, report
from training.benchmark.validation import validation


@dataclass(frozen=True)
class Evaluation:
    """`rows` [asked users, k] is what every user of the test set is recommended."""

    report: Report
    rows: IntArray


def evaluate(
    loaded: Loaded,
    model: str,
    ks: tuple[int, ...],
    budget: Budget,
    seed: int,
    progress: Callable[[str], None],
    checkpoints: Path | None = None,
    against: str | None = None,
) -> Evaluation:
    """Choose on validation data, fit to all that may be known, look at the test set once.

    `checkpoints` is a folder from which long training that was stopped goes on. `against` is a second model,
    which is asked the same, within a budget of its own, and compared user by user.

    Raises:
        InvalidInputError: no such model, or the data lacks what it needs.
    """
    ladder, theirs = rungs(model), rungs(against) if against else ()
    cut = validation(loaded, seed)
    if cut is None:
        progress("train is too small to cut validation data from it; nothing is tuned")
    tools = Tools(seed, progress, checkpoints, loaded.problem.described)
    question = Question(loaded.problem, cut, ks, tools)
    found = answer(question, ladder, budget)
    other = answer(question, theirs, Budget(budget.seconds)) if theirs else None
    return Evaluation(report(model, question, found, against, other), found.rows)
