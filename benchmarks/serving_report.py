"""Figures of a load run: percentiles, answers by strategy, and what speaks against trusting them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import orjson
import psutil

from benchmarks.serving_load import DEADLINE, FloatArray, Phase

BAR_MILLISECONDS, BAR_RATE = 20.0, 100.0
# Beyond these the generator measures itself.
_BUSY_GENERATOR, _LATE_MILLISECONDS = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class Milliseconds:
    """Nearest-rank percentiles: each is a time that was measured."""

    p50: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class Figures:
    """One kind of request.

    `since_due` counts from the moment a request was due, `since_sent` from when it left; `late` is the time
    between, None where no request left. CPU shares: the generator's of one core, the machine's of all.
    """

    requests: int
    answered_per_second: float
    since_due: Milliseconds
    since_sent: Milliseconds
    late: Milliseconds | None
    outcomes: dict[str, int]
    generator_cpu_share: float
    machine_cpu_share: float


@dataclass(frozen=True, slots=True)
class Answers:
    """Good answers by strategy (`degraded` whatever its strategy), by reason of a fallback, by model version;
    `short` ones have fewer items than were asked for."""

    strategies: dict[str, int]
    fallbacks: dict[str, int]
    model_versions: dict[str, int]
    short: int


def percentiles(seconds: FloatArray) -> Milliseconds:
    """Of [N > 0] times."""
    p50, p95, p99, most = np.percentile(seconds, [50, 95, 99, 100], method="inverted_cdf") * 1_000
    return Milliseconds(*(round(float(value), 3) for value in (p50, p95, p99, most)))


def figures(phase: Phase) -> Figures:
    """Figures of at least one request; one that failed counts as the whole deadline: errors gain nothing."""
    shots = phase.shots
    since_due = [s.done - s.due if s.ok else DEADLINE for s in shots]
    since_sent = [s.done - s.sent if s.ok and s.sent is not None else DEADLINE for s in shots]
    late = [s.sent - s.due for s in shots if s.sent is not None]
    return Figures(
        requests=len(shots),
        answered_per_second=round(sum(s.ok for s in shots) / phase.wall, 2),
        since_due=percentiles(np.asarray(since_due)),
        since_sent=percentiles(np.asarray(since_sent)),
        late=percentiles(np.asarray(late)) if late else None,
        outcomes=dict(Counter(s.outcome for s in shots)),
        generator_cpu_share=round(phase.generator_cpu / phase.wall, 3),
        machine_cpu_share=round(phase.machine_cpu / phase.wall / (psutil.cpu_count() or 1), 3),
    )


def answers(phase: Phase, k: int) -> Answers:
    """What the good answers said."""
    said = [orjson.loads(shot.body) for shot in phase.shots if shot.ok]
    return Answers(
        strategies=dict(Counter("degraded" if a["degraded"] else a["strategy"] for a in said)),
        fallbacks=dict(Counter(a["fallback"] for a in said if a["fallback"])),
        model_versions=dict(Counter(a["model_version"] for a in said)),
        short=sum(len(a["items"]) < k for a in said),
    )


def remarks(health: Figures, asked: Figures, said: Answers, missing: Sequence[str]) -> list[str]:
    """What keeps the figures from meaning what they seem to; empty is best."""
    found = []
    if missing:
        found.append(f"The rest of the platform does not run: no {', '.join(missing)}.")
    for name, part in (("health", health), ("recommendations", asked)):
        failed = part.requests - part.outcomes.get("200", 0)
        if failed:
            found.append(f"{name}: {failed} requests failed and count as {DEADLINE:.0f} s each.")
        if part.generator_cpu_share > _BUSY_GENERATOR or (part.late and part.late.p95 > _LATE_MILLISECONDS):
            found.append(f"{name}: requests left late; the generator had too little of the processors.")
    if not said.strategies.get("personal"):
        found.append("No answer was personal: are these people the tenant's, and are its features online?")
    if said.strategies.get("degraded"):
        found.append(f"{said.strategies['degraded']} answers were degraded: the online store did not answer.")
    return found


def lines(health: Figures, asked: Figures, said: Answers) -> list[str]:
    """The figures for a screen."""
    rows = [f"{'milliseconds':<38}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}"]
    for name, part in (("GET /health", health), ("POST /v1/recommendations", asked)):
        rows += [_row(f"{name}, since due", part.since_due), _row("  since sent", part.since_sent)]
        if part.late:
            rows.append(_row("  left late by", part.late))
        rows.append(
            f"  {part.requests:,} requests, {part.answered_per_second:g} answered a second, "
            f"{', '.join(f'{n} {outcome}' for outcome, n in part.outcomes.items())}; "
            f"generator {part.generator_cpu_share:.0%} of a core, machine {part.machine_cpu_share:.0%} busy"
        )
    counted = {**said.strategies, **{f"because of {why}": n for why, n in said.fallbacks.items()}}
    rows.append(f"answers: {', '.join(f'{n} {what}' for what, n in counted.items())}; {said.short} short")
    return rows


def _row(name: str, times: Milliseconds) -> str:
    return f"{name:<38}{times.p50:>9.2f}{times.p95:>9.2f}{times.p99:>9.2f}{times.max:>9.2f}"
