"""One evaluation, from loaded files to a report."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recolake.ranking.items import IntArray
from training.auto.budget import Budget
from training.auto.ladder import rungs
from training.auto.run import choose
from training.auto.rung import Tools
from training.benchmark.load import Loaded
from training.benchmark.measures import measure
from training.benchmark.ranking import ranked
from training.benchmark.recommend import with_fallback
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
) -> Evaluation:
    """Choose on validation data, fit to all that may be known, look at the test set once.

    `checkpoints` is a folder from which long training that was stopped goes on.

    Raises:
        InvalidInputError: no such model, or the data lacks what it needs.
    """
    ladder, problem, tools = rungs(model), loaded.problem, Tools(seed, progress, checkpoints)
    cut = validation(loaded, seed)
    if cut is None:
        progress("train is too small to cut validation data from it; nothing is tuned")
    chosen = choose(ladder, problem, cut.problem if cut else None, ks, budget, tools, progress)
    tuned = budget.spent
    progress(f"fitting {chosen.choice.name} to all of train")
    began = time.perf_counter()
    score = chosen.choice.fit(problem, tools)
    fitted = time.perf_counter()
    rows = ranked(problem, with_fallback(problem, score), problem.asked, max(ks))
    ended = time.perf_counter()
    total = budget.spent
    of_measured = rows[np.searchsorted(problem.asked, problem.measured)]
    measured = measure(problem, of_measured, problem.measured, ks, seed)
    seconds = {"tuning": tuned, "fit": fitted - began, "rank": ended - fitted, "total": total}
    seconds["budget"] = budget.seconds
    return Evaluation(report(model, seed, problem, cut, chosen, measured, seconds), rows)
