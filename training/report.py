"""What training and publication tell their callers."""

from __future__ import annotations

from dataclasses import dataclass

from recolake.quality import Metrics


@dataclass(frozen=True)
class TrainReport:
    """One trained model.

    Attributes:
        metrics: champion and baselines on the test window, with `_low` and `_high` beside each metric.
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
    already_trained: bool
    seconds: float


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
