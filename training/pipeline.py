"""Train a tenant's model: read, choose, measure, judge, refit on everything, write it all down."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from recolake.lake.engine import connect, engine_errors
from recolake.limits.errors import QuotaExceededError
from recolake.lineage.emit import lineage_run, tables_at
from recolake.lineage.events import DataState
from recolake.lineage.names import model
from recolake.moments import utc_now
from recolake.notices.tell import NoticeType, tell
from recolake.quality import by_who, cold_figures
from recolake.ranking.artifact_writer import place_artifact
from recolake.ranking.pointer import served_manifest, version_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.usage.training import meter_training, require_training_minutes
from training.auto.budget import Budget
from training.config import SEARCH_SPACE, ModelConfig
from training.gate import Kind, Recorded, Verdict
from training.identity import digest
from training.report import TrainReport
from training.store import ensure_artifact, exclusive, scratch
from training.tracking import registry as tags
from training.tracking.registry import Registry, open_registry, tags_of

if TYPE_CHECKING:
    from mlflow.entities import Run

    from training.datasets.dataset import Dataset
    from training.datasets.interactions import Interactions
    from training.experiment import Experiment

Progress = Callable[[str], None]
_BILLED_WITHIN = timedelta(days=1)


@dataclass(frozen=True)
class Served:
    """The model in service, as far as its successor must be held against it."""

    config: ModelConfig
    recorded: Recorded


@dataclass(frozen=True)
class NotTrained:
    """The plan had no minutes left; the model that there is serves on."""

    reason: str
    gate_passed: bool = False


def train(
    settings: Settings,
    tenant: Tenant,
    *,
    retune: bool = False,
    budget: float | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> TrainReport:
    """Train at the table versions of now; the same code, configuration, seed and versions give the same run.

    A tenant's first model chooses its configuration; later ones keep it, unless `retune` asks anew. With a
    `budget` of seconds for everything from here on, the choice is among all models that can be served and as
    many configurations as there is time for; without, among a few of matrix factorisation.

    Raises:
        InvalidInputError: there is nothing to learn from.
        QuotaExceededError: the plan's training minutes of this month are used up.
        ServiceUnavailableError: Spark or MLflow does not answer.
    """
    began, clock = time.perf_counter(), Budget(budget) if budget else None
    say = progress or (lambda _: None)
    again = f"recolake train --tenant {tenant}"
    with exclusive(settings, tenant, say), open_registry(settings, tenant) as registry:
        from training.datasets.gold import input_versions, load_dataset
        from training.datasets.opt_outs import opt_outs_digest

        spark = connect(settings)
        with engine_errors("training looked for its tables", again):
            versions = input_versions(spark, settings)
        served = _served(settings, registry)
        config = served.config if served and not retune else None
        left_out = opt_outs_digest(settings, tenant)
        request = _digest(tenant, config, seed, versions | left_out, budget)
        run = registry.finished_run(tags.REQUEST, request) or registry.finished_run(tags.RESULT, request)
        already = run is not None
        if run is None:
            require_training_minutes(settings, tenant, utc_now())
            registry.bury_killed_runs()
            say("reading " + ", ".join(f"{table} (version {number})" for table, number in versions.items()))
            with engine_errors("training data were read", again):
                dataset = load_dataset(spark, settings, tenant, versions)
            say(_summary(dataset.interactions))
            with lineage_run(settings, tenant, "train", *tables_at(versions, settings)) as told:
                run = _train(settings, registry, dataset, served, config, seed, request, clock, say, left_out)
                told.wrote(DataState(model(tags_of(run)[tags.VERSION], run.info.run_id)))
        _meter(settings, tenant, run)
        report = _report(registry, run, already, time.perf_counter() - began)
        ensure_artifact(settings, registry, report.model_version, report.run_id)
    if not report.gate_passed:
        data = {"model_version": report.model_version, "refusals": list(report.gate_refusals)}
        tell(settings, tenant, NoticeType.MODEL_REFUSED, report.run_id, data)
    outcome = "passed" if report.gate_passed else "failed"
    say(f"{report.model_version} {'had been' if already else 'was'} trained; gate {outcome}")
    return report


def train_within_plan(
    settings: Settings, tenant: Tenant, *, retune: bool, budget: float | None, progress: Progress
) -> TrainReport | NotTrained:
    """`train` by the clock: a tenant whose plan has no minutes left is told of and passed over.

    Raises:
        RecolakeError: whatever else `train` raises.
    """
    try:
        return train(settings, tenant, retune=retune, budget=budget, progress=progress)
    except QuotaExceededError as error:
        progress(f"{tenant}: {error.message} {error.hint}")
        return NotTrained(error.message)


def _meter(settings: Settings, tenant: Tenant, run: Run) -> None:
    """Bill a finished run, also one whose process was killed before it did; of an old one that was done."""
    began, ended = (
        datetime.fromtimestamp(moment / 1_000, UTC) for moment in (run.info.start_time, run.info.end_time)
    )
    if utc_now() - ended < _BILLED_WITHIN:
        meter_training(settings, tenant, run.info.run_id, began, ended)


def _summary(interactions: Interactions) -> str:
    people, items = interactions.shape
    first, last = (np.datetime64(day, "D") for day in (interactions.first_day, interactions.last_day))
    return (
        f"{len(interactions):,} interactions of {people:,} people with {items:,} items, {first} to {last}; "
        f"taken: {interactions.taken.nnz:,} items in all"
    )


def _train(
    settings: Settings,
    registry: Registry,
    dataset: Dataset,
    served: Served | None,
    config: ModelConfig | None,
    seed: int,
    request: str,
    budget: Budget | None,
    say: Progress,
    left_out: dict[str, int],
) -> Run:
    import mlflow

    from training.artifact import write_candidate
    from training.cold.served import served_candidate
    from training.datasets.gold import tables_read
    from training.experiment import run_experiment
    from training.tracking.record import log_cold, log_experiment, log_model, log_verdict, recorded_run

    with recorded_run(settings, registry, tables_read(dataset), {tags.REQUEST: request}) as run_id:
        experiment = run_experiment(dataset, seed, say, config, budget)
        verdict = _judge(dataset, experiment, served, seed)
        log_experiment(experiment, seed)
        log_verdict(verdict)
        candidate, cold = served_candidate(dataset, experiment, seed, say)
        log_cold(cold, candidate)
        say("refitted on all data; writing model and figures into MLflow")
        with scratch(settings, registry.tenant) as folder:
            artifact = folder / "index"
            write_candidate(artifact, registry, dataset, experiment.config, candidate, seed, run_id)
            logged = log_model(registry, artifact, candidate)
            version = registry.name_unused(
                logged, lambda name: version_folder(settings, registry.tenant, name).exists()
            )
            place_artifact(
                artifact, version_folder(settings, registry.tenant, version), registry.tenant, version, run_id
            )
        mlflow.set_tags(
            {
                tags.RESULT: _digest(
                    registry.tenant, experiment.config, seed, dict(dataset.inputs) | left_out
                ),
                tags.VERSION: version,
                tags.GATE: tags.PASSED if verdict.passed else tags.FAILED,
                tags.REASONS: "\n".join(verdict.reasons),
                tags.REFUSALS: "\n".join(verdict.refusals),
                tags.KIND: verdict.kind.value,
                tags.ALGORITHM: candidate.model.name,
                tags.WINDOW: experiment.split.window if experiment.split else "",
            }
        )
        registry.tag(version, tags.REASONS, "\n".join(verdict.reasons))
        registry.tag(version, tags.REFUSALS, "\n".join(verdict.refusals))
        registry.tag(version, tags.GATE, tags.PASSED if verdict.passed else tags.FAILED)
    return registry.client.get_run(run_id)


def _judge(dataset: Dataset, experiment: Experiment, served: Served | None, seed: int) -> Verdict:
    from training.experiment import measure_champion
    from training.gate import judge

    if served is None:
        return judge(Kind.FIRST, experiment.results)
    if served.config == experiment.config or experiment.split is None:
        return judge(Kind.REFRESH, experiment.results, recorded=served.recorded)
    incumbent = measure_champion(dataset, experiment.split, served.config, seed)
    return judge(Kind.NEW_CONFIGURATION, experiment.results, incumbent=incumbent, seed=seed)


def _served(settings: Settings, registry: Registry) -> Served | None:
    """The served model; None if there is none to be read, its configuration has a form that is gone, or
    MLflow knows nothing of its run: then its successor is judged as a first model is."""
    manifest = served_manifest(settings, registry.tenant)
    run = registry.run(manifest.mlflow_run_id) if manifest else None
    if manifest is None or run is None:
        return None
    try:
        config = ModelConfig.model_validate(manifest.config)
    except ValidationError:
        return None
    return Served(config, Recorded.of(run.data.metrics))


def _digest(
    tenant: Tenant,
    config: ModelConfig | None,
    seed: int,
    versions: dict[str, int],
    budget: float | None = None,
) -> str:
    plan: Any = config.model_dump(mode="json") if config else None
    if plan is None:
        plan = {"tried": [c.model_dump(mode="json") for c in SEARCH_SPACE], "budget": budget}
    return digest(tenant.name, plan, seed, versions)


def _report(registry: Registry, run: Run, already: bool, seconds: float) -> TrainReport:
    found = tags_of(run)
    return TrainReport(
        tenant=registry.tenant.name,
        model_version=found[tags.VERSION],
        run_id=run.info.run_id,
        gate_passed=found[tags.GATE] == tags.PASSED,
        gate_reasons=tuple(found[tags.REASONS].splitlines()),
        gate_refusals=tuple(found.get(tags.REFUSALS, "").splitlines()),
        metrics=by_who(run.data.metrics),
        cold=cold_figures(run.data.metrics),
        already_trained=already,
        seconds=seconds,
    )
