"""What the learned second stage adds: the best of `auto` with it and without it, for the same users.

    python ../shared/data/splits.py SPLITS
    python -m benchmarks.second_stage SPLITS --target all

reads SPLITS/online-retail-temporal/{train,test}.csv. One search on validation data, within a budget of
seconds, yields both choices; each is then fitted to all of train and looks at the test set once. Printed
are both, on validation and on test data, and the paired difference with its 95 % interval.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from training.auto.budget import Budget
from training.auto.choice import Choice, pick
from training.auto.ladder import LADDER, SECOND_STAGE
from training.auto.run import choose
from training.auto.rung import Tools
from training.benchmark.load import load_files
from training.benchmark.measures import per_user
from training.benchmark.problem import Problem, Target
from training.benchmark.ranking import ranked
from training.benchmark.recommend import with_fallback
from training.benchmark.validation import validation
from training.evaluation.bootstrap import mean
from training.evaluation.metrics import Values

K = 10


def has_second_stage(choice: Choice) -> bool:
    return any(part.name == SECOND_STAGE for part in choice.parts)


def tested(choice: Choice, problem: Problem, tools: Tools) -> Values:
    """[measured users] NDCG on the test set."""
    score = with_fallback(problem, choice.fit(problem, tools))
    return per_user(problem, ranked(problem, score, problem.measured, K), problem.measured, (K,))[f"ndcg@{K}"]


def line(name: str, values: Values, seed: int) -> str:
    found = mean(values, seed)
    return f"{name:>34}: {found.value:+.4f} [{found.low:+.4f}, {found.high:+.4f}]"


def compared(names: Sequence[str], without: Values, with_it: Values, seed: int) -> str:
    lines = [line(name, values, seed) for name, values in zip(names, (without, with_it), strict=True)]
    return "\n".join([*lines, line("difference, paired", with_it - without, seed)])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("splits", type=Path, help="folder that splits.py wrote")
    parser.add_argument("--target", choices=list(Target), default=Target.ALL)
    parser.add_argument("--models", default="", help="names, separated by commas; else all that auto tries")
    parser.add_argument("--budget", type=float, default=600, help="seconds for the search")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--valid-only", action="store_true", help="do not look at the test set")
    given = parser.parse_args()
    folder, target = given.splits / "online-retail-temporal", Target(given.target)
    budget, asked = Budget(given.budget), given.models.split(",") if given.models else ()
    loaded = load_files(folder / "train.csv", folder / "test.csv", None, None, target)
    cut = validation(loaded, given.seed)
    assert cut is not None
    tools = Tools(given.seed)
    ladder = [rung for rung in LADDER if not asked or rung.name in asked]

    def progress(message: str) -> None:
        print(f"[{budget.left:5.0f} s left] {message}", flush=True)

    chosen = choose(ladder, loaded.problem, cut.problem, (K, 2 * K), budget, tools, progress)
    found = [choice for choice in chosen.leaderboard if choice.quality is not None]
    for choice in found:
        print(f"{choice.name:>34}: {choice.mean:.4f} on validation data, cost {choice.cost:g}")
    without, with_it = (
        pick([choice for choice in found if has_second_stage(choice) is kind], given.seed)
        for kind in (False, True)
    )
    assert without.quality is not None
    assert with_it.quality is not None
    names = [f"{without.name} without", f"{with_it.name} with"]
    print(f"\nauto picks {chosen.choice.name}: {chosen.choice.described()}")
    print(f"\nvalidation data, NDCG@{K} and NDCG@{2 * K} on average, {len(without.quality)} users")
    print(compared(names, without.quality, with_it.quality, given.seed))
    if given.valid_only:
        return
    began = time.perf_counter()
    tests = [tested(choice, loaded.problem, tools) for choice in (without, with_it)]
    print(f"\ntest data, NDCG@{K}, {len(tests[0])} users, {time.perf_counter() - began:.0f} s for both fits")
    print(compared(names, tests[0], tests[1], given.seed))


if __name__ == "__main__":
    main()
