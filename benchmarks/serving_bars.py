"""The table of a run on a platform of its own, and whether it kept the promises that are made of its load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.serving_alone import Alone, Cost, Load
from benchmarks.serving_report import Milliseconds


@dataclass(frozen=True, slots=True)
class Bar:
    """A promise: for which loads it is made, and milliseconds that p50 and p99 stay below."""

    text: str
    applies: Callable[[Load], bool]
    p99: float
    p50: float | None = None
    rate: float = 0.0

    def met(self, found: Cost) -> bool:
        """Whether all was answered, in time, at the rate that was promised."""
        times, outcomes = found.figures.since_due, found.figures.outcomes
        return (
            outcomes.get("200", 0) == found.figures.requests
            and times.p99 < self.p99
            and (self.p50 is None or times.p50 < self.p50)
            # What was due in the last moments of a slice is answered a little after it.
            and found.figures.answered_per_second >= 0.98 * self.rate
        )


BARS = (
    Bar(
        "one worker, one client: p50 below 3 ms, p99 below 10 ms",
        lambda load: load.workers == 1 and load.clients == 1,
        p50=3.0,
        p99=10.0,
    ),
    Bar(
        "600 a second: p99 below 50 ms",
        lambda load: not load.clients and load.rate >= 600,
        p99=50.0,
        rate=600.0,
    ),
    Bar(
        "200 a second: p99 below 15 ms",
        lambda load: not load.clients and 200 <= load.rate < 600,
        p99=15.0,
        rate=200.0,
    ),
)


def verdicts(found: Alone) -> dict[str, bool]:
    """Of the bars that are about this load."""
    return {bar.text: bar.met(found.recommendations) for bar in BARS if bar.applies(found.load)}


def table(found: Alone) -> list[str]:
    """The run for a screen."""
    load = found.load
    kind = f"{load.clients} clients" if load.clients else f"{load.rate:g} arrivals a second"
    rows = [
        f"{load.items:,} items, {load.workers} workers, {kind}; machine {found.busy:.0%} busy before",
        f"{'milliseconds':<28}{'p50':>8}{'p95':>8}{'p99':>8}{'worst':>8}{'a second':>10}{'server':>8}"
        f"{'generator':>10}",
        _row("bare GET of Redis", found.redis),
        _costs("a plain FastAPI route", found.plain),
        _costs("POST /v1/recommendations", found.recommendations),
        f"p50 is {found.recommendations.figures.since_due.p50 / found.plain.figures.since_due.p50:.1f} times "
        "the plain route's; `server` and `generator` are processor milliseconds of a request",
        f"answers: {found.recommendations.figures.outcomes}, {found.answers.strategies}, "
        f"{found.answers.short} short",
    ]
    return rows + [f"{text}: {'met' if met else 'MISSED'}" for text, met in verdicts(found).items()]


def _row(name: str, times: Milliseconds) -> str:
    return f"{name:<28}{times.p50:>8.2f}{times.p95:>8.2f}{times.p99:>8.2f}{times.max:>8.2f}"


def _costs(name: str, cost: Cost) -> str:
    return (
        f"{_row(name, cost.figures.since_due)}{cost.figures.answered_per_second:>10.1f}"
        f"{cost.server_cpu:>8.2f}{cost.generator_cpu:>10.2f}"
    )
