"""Writing one training run down: parameters, inputs, metrics, figures, and the model itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recolake.lake.tables import Table
from recolake.quality import COLD, Metrics, logged_name
from recolake.ranking.index.figures import IndexFigures
from recolake.settings import Settings
from training.candidate import Candidate
from training.cold.served import ColdPlan
from training.config import ModelConfig
from training.evaluation.protocol import METRIC
from training.experiment import Experiment
from training.gate import Verdict
from training.identity import git_commit, source_digest
from training.tracking import registry as tags
from training.tracking.figures import embedding, metric_bars
from training.tracking.paired import log_paired
from training.tracking.registry import Registry

if TYPE_CHECKING:
    from mlflow.models.model import ModelInfo

_MODEL = "recommender"
_PYFUNC = Path(__file__).parent / "pyfunc.py"


@contextmanager
def recorded_run(
    settings: Settings, registry: Registry, tables: Mapping[Table, int], noted: Mapping[str, str]
) -> Iterator[str]:
    """The active run of a training, by id: what made it and what it read is written down as it begins.

    Args:
        tables: the Delta tables and versions that are read.
        noted: further tags.
    """
    import mlflow

    own = {
        tags.SOURCE: source_digest(),
        tags.COMMIT: git_commit(),
        tags.TENANT: registry.tenant.name,
    }
    with mlflow.start_run(experiment_id=registry.experiment_id(), tags={**own, **noted}) as active:
        log_inputs(settings, tables)
        yield active.info.run_id


def metric_values(experiment: Experiment) -> Metrics:
    """Numbers by model, target and metric; `<metric>_low` and `<metric>_high` are the 95 % interval."""
    return {
        who: {
            target.value: {
                name + suffix: getattr(estimate, bound)
                for name, estimate in scores.metrics.items()
                for suffix, bound in (("", "value"), ("_low", "low"), ("_high", "high"))
            }
            for target, scores in by_target.items()
        }
        for who, by_target in experiment.results.items()
    }


def slice_values(experiment: Experiment) -> dict[str, float]:
    """Metrics on the named slices under MLflow's names; `people` says how many could be measured."""
    found: dict[str, float] = {}
    for who, by_target in experiment.results.items():
        for target, scores in by_target.items():
            for part, sliced in scores.slices.items():
                where, estimate = f"{target}/{part}", sliced.estimate
                found |= {
                    logged_name(who, where, METRIC): estimate.value,
                    logged_name(who, where, f"{METRIC}_low"): estimate.low,
                    logged_name(who, where, f"{METRIC}_high"): estimate.high,
                    logged_name(who, where, "people"): float(len(sliced.ndcg)),
                }
    return found


def log_verdict(verdict: Verdict) -> None:
    """Everything that the gate looked at, into the active run."""
    import mlflow

    checks = [{"passed": check.passed, "said": check.sentence} for check in verdict.checks]
    content = {"kind": verdict.kind.value, "passed": verdict.passed, "checks": checks}
    mlflow.log_dict(content, "gate.json")


def parameters(config: ModelConfig, seed: int) -> dict[str, Any]:
    """Every setting of a model, flat."""
    found: dict[str, Any] = {"seed": seed, "algorithm": config.algorithm.name}
    found |= {f"algorithm.{key}": value for key, value in config.algorithm.settings.model_dump().items()}
    for key, value in config.ranking.model_dump().items():
        found |= (
            {f"ranking.{key}.{k}": v for k, v in value.items()}
            if isinstance(value, dict)
            else {f"ranking.{key}": value}
        )
    return found


def log_experiment(experiment: Experiment, seed: int) -> None:
    """Parameters, metrics and validation results into the active run."""
    import mlflow

    mlflow.log_params(parameters(experiment.config, seed))
    values = metric_values(experiment)
    flat = {
        logged_name(who, target, metric): value
        for who, targets in values.items()
        for target, metrics in targets.items()
        for metric, value in metrics.items()
    }
    mlflow.log_metrics(flat | slice_values(experiment))
    mlflow.log_dict(values, "metrics.json")
    log_paired(experiment)
    if experiment.validation:
        tried = [trial.described() for trial in experiment.validation]
        mlflow.log_dict({"tried": tried}, "validation.json")
    for name in (METRIC, "recall@20"):
        if experiment.results:
            figure = metric_bars(experiment.results, name)
            mlflow.log_figure(figure, f"figures/{name.replace('@', '_at_')}.png")


def log_cold(plan: ColdPlan, candidate: Candidate) -> None:
    """How those without history are served, how many they are, and what hidden ones came to."""
    import mlflow

    chosen = {"penalty": plan.items.penalty, "emphasis": plan.items.emphasis, "people": plan.with_people}
    mlflow.log_params({f"{COLD}{name}": value for name, value in chosen.items()})
    added = candidate.newcomers
    counted = {
        "items.hidden": plan.hidden[0],
        "people.hidden": plan.hidden[1],
        "items.served": 0 if added is None or added.content is None else len(added.content),
        "people.served": 0 if added is None else len(added.people),
    }
    measured = {
        f"{name}{suffix}".replace("@", "_at_"): value
        for name, estimate in plan.estimates.items()
        for suffix, value in (("", estimate.value), ("_low", estimate.low), ("_high", estimate.high))
    }
    mlflow.log_metrics({f"{COLD}{name}": float(value) for name, value in (counted | measured).items()})


_OF_INDEX = "index."
SPEEDS = tuple(f"{_OF_INDEX}{name}" for name in IndexFigures.model_fields if "per_second" in name)
"""Metrics that say how fast the machine was at the time, and nothing of the model."""


def log_index(figures: IndexFigures) -> None:
    """Kind, parameters and measurements of the index into the active run, as `index.<name>`."""
    import mlflow

    chosen = {"kind": figures.kind.value, **figures.parameters}
    mlflow.log_params({f"{_OF_INDEX}{name}": value for name, value in chosen.items()})
    measured = figures.model_dump(exclude={"kind", "parameters"})
    mlflow.log_metrics({f"{_OF_INDEX}{name}": float(value) for name, value in measured.items()})


def log_inputs(settings: Settings, tables: Mapping[Table, int]) -> None:
    """The Delta tables and the versions that were read, as inputs of the active run."""
    import mlflow
    from mlflow.data.delta_dataset_source import DeltaDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    for table, version in tables.items():
        source = DeltaDatasetSource(path=table.location(settings), delta_table_version=version)
        dataset = MetaDataset(source, name=table.qualified, digest=f"v{version}")
        mlflow.log_input(dataset, context="training", tags={"delta_version": str(version)})


def log_model(
    registry: Registry, artifact: Path, candidate: Candidate, *, register: bool = True
) -> ModelInfo:
    """Log an index artefact as a model of the active run and, unless told not to, register it.

    Returns what MLflow made of it.
    """
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

    signature = ModelSignature(
        inputs=Schema([ColSpec(DataType.string, "user_id")]),
        params=ParamSchema([ParamSpec("k", DataType.long, 10)]),
    )
    mlflow.log_figure(
        embedding(candidate.model.item_vectors, candidate.trend_scores), "figures/embedding.png"
    )
    return mlflow.pyfunc.log_model(
        name=_MODEL,
        python_model=str(_PYFUNC),
        artifacts={"index": str(artifact)},
        signature=signature,
        pip_requirements=["recolake"],
        registered_model_name=registry.model_name if register else None,
    )
