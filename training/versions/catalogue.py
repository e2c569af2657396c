"""What a tenant's registered models are, from MLflow and from the pointer to the served one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from recolake.errors import InvalidInputError
from recolake.quality import CHAMPION, Metrics, by_slice, by_who
from recolake.ranking.history import read_history
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from training.tracking import registry as tags
from training.tracking.registry import Registry, open_registry

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

_DELTA_VERSION = "delta_version"


@dataclass(frozen=True)
class Version:
    """One registered model.

    Attributes:
        alias: what MLflow calls it beside its number; the served one is `champion`.
        served: whether the pointer names it: the truth that serving follows.
        held: whether it is served since a rollback, so that nothing but a person's promotion replaces it.
        withdrawn: whether a person put an older one into service in its place.
        algorithm, kind: what made the vectors; whether a first model, a refresh or a new configuration.
        metrics: champion and baselines on the run's test window, with `_low` and `_high` beside each metric.
        slices: the model's metrics on the named slices, by target and slice.
        window: first and last day of that window.
        gate_refusals: sentences of the gate that the model did not satisfy.
        configuration: every setting, flat.
        tables: Delta version of each input table.
    """

    version: str
    alias: str | None
    served: bool
    held: bool
    withdrawn: bool
    trained_at: datetime
    run_id: str
    algorithm: str | None
    kind: str | None
    metrics: Metrics
    window: str | None
    gate_passed: bool
    gate_reasons: tuple[str, ...]
    gate_refusals: tuple[str, ...]
    code_version: str | None = None
    source_digest: str | None = None
    configuration: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, int] = field(default_factory=dict)
    slices: Metrics = field(default_factory=dict)

    @property
    def measured(self) -> Mapping[str, Mapping[str, float]]:
        """The model's own metrics, by target."""
        return self.metrics.get(CHAMPION, {})


def list_versions(settings: Settings, tenant: Tenant, newest: int | None = None) -> list[Version]:
    """Versions whose training was finished, newest first, and the served one whatever its age.

    Args:
        newest: how many at most; all for None.

    Raises:
        InvalidInputError: `newest` is below 1.
        ServiceUnavailableError: MLflow does not answer.
    """
    if newest is not None and newest < 1:
        raise InvalidInputError(f"{newest} versions cannot be listed; ask for 1 or more.", field="newest")
    with open_registry(settings, tenant) as registry:
        served = read_history(settings, tenant).served
        entries = [
            entry
            for place, entry in enumerate(registry.versions())
            if newest is None or place < newest or f"v{entry.version}" == served
        ]
        return describe(settings, registry, entries)


def describe(settings: Settings, registry: Registry, entries: Sequence[ModelVersion]) -> list[Version]:
    """All that is known of these versions; of one whose run is gone from MLflow, little."""
    history, champion = read_history(settings, registry.tenant), registry.champion()
    runs = registry.runs([entry.run_id for entry in entries])
    found = []
    for entry in entries:
        name, run = f"v{entry.version}", runs.get(entry.run_id)
        noted: Mapping[str, str] = run.data.tags if run else {}
        found.append(
            Version(
                version=name,
                alias=tags.ALIAS if name == champion else None,
                served=name == history.served,
                held=history.held and name == history.served,
                withdrawn=entry.tags.get(tags.WITHDRAWN) == "true",
                trained_at=datetime.fromtimestamp(entry.creation_timestamp / 1_000, UTC),
                run_id=entry.run_id,
                algorithm=noted.get(tags.ALGORITHM),
                kind=noted.get(tags.KIND),
                metrics=by_who(run.data.metrics) if run else {},
                window=noted.get(tags.WINDOW),
                gate_passed=entry.tags[tags.GATE] == tags.PASSED,
                gate_reasons=_lines(entry.tags.get(tags.REASONS)),
                gate_refusals=_lines(entry.tags.get(tags.REFUSALS)),
                code_version=noted.get(tags.COMMIT),
                source_digest=noted.get(tags.SOURCE),
                configuration=dict(run.data.params) if run else {},
                tables=_tables(run) if run else {},
                slices=by_slice(run.data.metrics, CHAMPION) if run else {},
            )
        )
    return found


def _lines(text: str | None) -> tuple[str, ...]:
    return tuple((text or "").splitlines())


def _tables(run: Run) -> dict[str, int]:
    versions = {}
    for given in run.inputs.dataset_inputs:
        noted = {tag.key: tag.value for tag in given.tags}
        if _DELTA_VERSION in noted:
            versions[given.dataset.name] = int(noted[_DELTA_VERSION])
    return dict(sorted(versions.items()))
