"""Off-policy estimates beside known truths: two policies that were both run, and a simulator.

    python benchmarks/off_policy.py ../shared/data/open-bandit-small

Open Bandit data: each policy's value is estimated from the other one's log, beside the mean reward of its own
log. The random policy is uniform. The Bernoulli Thompson policy learnt during the week, so what its log shows
of each item at each position is taken as its chances, averaged over the week; its rewards are not looked at.
Simulator: logs of one known policy, and how often the intervals cover the true value of another.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recolake.simulator.showcase import LogConfig, Showcase, showcase
from training.off_policy.estimators import ESTIMATORS
from training.off_policy.evaluate import Evaluation, Question, evaluate
from training.off_policy.intervals import Interval, Method
from training.off_policy.log import Columns, log_of, read_log
from training.off_policy.policy import as_shown, policy_of, uniform

CAMPAIGNS = ("all", "men", "women")
OPEN_BANDIT = Columns(
    context=tuple(f"user_feature_{number}" for number in range(4)),
    action="item_id",
    position="position",
    reward="click",
    propensity="propensity_score",
)
REQUESTS = (300, 3_000)


@dataclass(frozen=True)
class Comparison:
    """What one log says of a policy, and what that policy earned in its own log."""

    name: str
    truth: Interval
    found: Evaluation

    def lines(self) -> Iterator[str]:
        """One for each estimator."""
        rows = f"{self.found.diagnostics.effective_sample_size:.0f}"
        for estimator, estimated in self.found.estimates.items():
            value = estimated.value
            # The truth is a mean of clicks too: the error to expect is that of both together.
            error = np.hypot(value.standard_error, self.truth.standard_error)
            off = f"{(value.value - self.truth.value) / error:+.1f} se"
            yield f"| {self.name} | {_cell(self.truth)} | {estimator} | {_cell(value)} | {off} | {rows} |"


def compare(folder: Path, campaign: str, question: Question) -> Iterator[Comparison]:
    """The random policy from the Thompson policy's log, then the other way round."""
    random, learnt = (
        read_log(folder / name / campaign / f"{campaign}.csv.gz", OPEN_BANDIT) for name in ("random", "bts")
    )
    of_random = evaluate(learnt, uniform(learnt), question)
    of_learnt = evaluate(random, as_shown(random, learnt), question)
    yield Comparison(f"{campaign} | random, bts", of_learnt.logged, of_random)
    yield Comparison(f"{campaign} | bts, random", of_random.logged, of_learnt)


def open_bandit(folder: Path, question: Question) -> Iterator[str]:
    """One line for each campaign, policy and estimator."""
    yield "| campaign | policy, from the log of | truth | estimator | estimate | off by | effective rows |"
    yield "|---|---|---|---|---|---|---|"
    for campaign in CAMPAIGNS:
        for comparison in compare(folder, campaign, question):
            yield from comparison.lines()


def _cell(interval: Interval) -> str:
    return f"{interval.value:.5f} [{interval.low:.5f}, {interval.high:.5f}]"


def simulated(page: Showcase, logs: int, requests: int) -> Iterator[str]:
    """One line for each estimator."""
    truth = page.truth().policy
    found: dict[str, list[list[float]]] = {name: [] for name in ESTIMATORS}
    for seed in range(logs):
        shown = page.shown(np.random.default_rng(seed), requests)
        log = log_of(shown, Columns(unit="request"), "the log")
        table = policy_of(page.policy_table(), log, "the policy")
        by = {method: evaluate(log, table, Question(method=method, seed=seed)).estimates for method in Method}
        for name, listed in found.items():
            values = [by[method][name].value for method in Method]
            listed.append([values[0].value, *(value.low <= truth <= value.high for value in values)])
    for name, listed in found.items():
        rows = np.array(listed)
        error = rows[:, 0] - truth
        yield (
            f"| {requests} | {name} | {truth:.4f} | {error.mean():+.4f} | {np.sqrt((error**2).mean()):.4f} | "
            f"{rows[:, 1].mean():.1%} | {rows[:, 2].mean():.1%} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="open-bandit-small")
    parser.add_argument("--logs", type=int, default=300, help="simulated logs of each size")
    given = parser.parse_args()
    began = time.perf_counter()
    for line in open_bandit(given.folder, Question()):
        print(line, flush=True)
    print("\n| requests | estimator | truth | bias | RMSE | covered, bootstrap | covered, normal |")
    print("|---|---|---|---|---|---|---|")
    for requests in REQUESTS:
        for line in simulated(showcase(LogConfig()), given.logs, requests):
            print(line, flush=True)
    print(f"\n{time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
