"""The demo's stages in time: begun and ended here, or read from the runs of a scheduler."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from recolake.demo.report import STAGES, Stage
from recolake.demo.sampling import MemorySampler


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds since the epoch between which a stage ran, and a word about it."""

    start: float
    end: float
    note: str = ""


@dataclass(slots=True)
class Timeline:
    """Which stage ran when. A stage that had nothing to do has no span."""

    spans: dict[str, Span] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what happens inside; a stage that fails is not recorded."""
        start = time.time()
        yield
        self.add(name, start, time.time())

    def add(self, name: str, start: float, end: float, note: str = "") -> None:
        """Record a stage; one that ran in several pieces counts from the first to the last."""
        before = self.spans.get(name)
        if before:
            start, end = min(start, before.start), max(end, before.end)
        self.spans[name] = Span(start, end, note)
        self.skipped.pop(name, None)

    def skip(self, name: str, why: str) -> None:
        """Say why a stage had nothing to do; what was said first stays."""
        if name not in self.spans:
            self.skipped.setdefault(name, why)

    def seconds(self, name: str) -> float:
        span = self.spans.get(name)
        return span.end - span.start if span else 0.0

    def between(self, first: str, last: str) -> float:
        """Seconds from the beginning of one stage to the end of another."""
        return max(0.0, self.spans[last].end - self.spans[first].start)

    def report(self, sampler: MemorySampler) -> list[Stage]:
        """Every stage in order; a skipped one took no time and its memory is that of now."""
        now = time.time()
        found = []
        for name in STAGES:
            span = self.spans.get(name)
            peak = sampler.peak_mib(span.start, span.end) if span else sampler.peak_mib(now, now)
            note = span.note if span else self.skipped.get(name, "nothing to do")
            found.append(
                Stage(name=name, seconds=round(self.seconds(name), 3), peak_mib=round(peak, 1), note=note)
            )
        return found
