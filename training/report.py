"""What training and publication tell their callers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recolake.quality import Metrics


@dataclass(frozen=True)
class TrainReport:
    """One trained model.

    Attributes:
        metrics: champion and baselines on the test window, with `_low` and `_high` beside each metric.
        cold: of those without history, by name: how many there are, and what held-out ones came to.
        gate_passed: whether `publish` will take it.
        gate_reasons: what the gate looked at, in sentences.
        gate_refusals: those of them that turned the model down.
        already_trained: the same code, configuration, seed and table versions had been trained before.
    """

    tenant: str
    model_version: str
    run_id: str
    gate_passed: bool
    gate_reasons: tuple[str, ...]
    gate_refusals: tuple[str, ...]
    metrics: Metrics
    cold: Mapping[str, float]
    already_trained: bool
    seconds: float


@dataclass(frozen=True)
class AsOfReport:
    """One version that was trained once more.

    Attributes:
        model_version: the version; `run_id` is the run that made it again.
        index_checksum: SHA-256 of the index made now, beside the one of the version.
        changed_metrics: (recorded, now) of every metric that differs; None where none were recorded.
        circumstances: what of code, threads, processor and libraries is not what it was.
    """

    tenant: str
    model_version: str
    run_id: str
    index_checksum: str
    recorded_index_checksum: str
    metrics: Metrics
    changed_metrics: Mapping[str, tuple[float, float]] | None
    circumstances: tuple[str, ...]
    seconds: float

    @property
    def same_index(self) -> bool:
        return self.index_checksum == self.recorded_index_checksum

    @property
    def same(self) -> bool:
        """Whether the index is the same, and every metric that was recorded."""
        return self.same_index and not self.changed_metrics


@dataclass(frozen=True)
class PublishReport:
    """One published model version.

    Attributes:
        previous: the version served before; None for the first.
        changed: whether anything had to be done.
        online: whether the user vectors are in the online store; not before the first materialization.
    """

    tenant: str
    model_version: str
    previous: str | None
    users: int
    items: int
    online: bool
    changed: bool
    seconds: float
