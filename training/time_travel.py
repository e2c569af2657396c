"""Train a version once more from what it was made from, and say whether the same came out.

What comes out is a run in MLflow with the model in it, and no registered version: a model of old data must
never be the newest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydantic import ValidationError

from recolake.errors import InvalidInputError, NotFoundError
from recolake.lake.cuts import refuse_cut
from recolake.lake.engine import connect, engine_errors
from recolake.quality import by_who
from recolake.ranking.artifact import INDEX_FILE
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from training.config import ModelConfig
from training.identity import git_commit, source_digest
from training.machine import differences
from training.report import AsOfReport
from training.store import ensure_artifact, exclusive, scratch
from training.tracking import registry as tags
from training.tracking.registry import Registry, open_registry, tags_of

if TYPE_CHECKING:
    from mlflow.entities import Run

    from recolake.ranking.manifest import Manifest
    from training.datasets.dataset import Dataset

Progress = Callable[[str], None]
# What Spark says of a file that Delta's log names and a VACUUM removed.
_FILE_GONE = "FAILED_READ_FILE"


class TableVersionGoneError(NotFoundError):
    """The lake does not keep the table versions any more that the model was trained on."""

    code = "table_version_gone"


def train_as_of(
    settings: Settings, tenant: Tenant, version: str, *, progress: Progress | None = None
) -> AsOfReport:
    """Train with the configuration, the seed and the Delta versions of a registered version.

    The code is that of now: where it, the threads, the processor or a library is not what it was, the report
    says so, and the result may differ.

    Raises:
        NotFoundError: there is no such version.
        TableVersionGoneError: its tables are not kept at those versions any more.
        ErasedError: it, or one of its tables at that version, held somebody who was erased.
        InvalidInputError: its configuration has a form that this code does not know any more.
        ArtifactError: its artefact is damaged here and in MLflow.
        ServiceUnavailableError: Spark or MLflow does not answer.
    """
    began = time.perf_counter()
    say = progress or (lambda _: None)
    with exclusive(settings, tenant, say), open_registry(settings, tenant) as registry:
        entry = registry.version(version)
        manifest = ensure_artifact(settings, registry, version, entry.run_id, say)[0].manifest
        config = _config(manifest)
        registry.bury_killed_runs()
        dataset = _dataset(settings, tenant, manifest, say)
        run, made = _retrain(settings, registry, dataset, manifest, config, say)
        recorded = registry.run(entry.run_id)
        report = AsOfReport(
            tenant=tenant.name,
            model_version=version,
            run_id=run.info.run_id,
            index_checksum=made.files[INDEX_FILE].sha256,
            recorded_index_checksum=manifest.files[INDEX_FILE].sha256,
            metrics=by_who(run.data.metrics),
            changed_metrics=_changed(recorded.data.metrics, run.data.metrics) if recorded else None,
            circumstances=(*_code(recorded, manifest), *differences(manifest.machine, made.machine)),
            seconds=time.perf_counter() - began,
        )
    say(f"{version} was trained once more: {'the same' if report.same else 'not the same'} came out")
    return report


def _config(manifest: Manifest) -> ModelConfig:
    try:
        return ModelConfig.model_validate(manifest.config)
    except ValidationError as error:
        raise InvalidInputError(
            f"The configuration of {manifest.model_version} has a form that this release does not know.",
            hint=f"Check out {manifest.code_version}, which made it.",
        ) from error


def _dataset(settings: Settings, tenant: Tenant, manifest: Manifest, say: Progress) -> Dataset:
    from training.datasets.gold import load_dataset

    versions = dict(manifest.inputs)
    say("reading " + ", ".join(f"{table} (version {number})" for table, number in versions.items()))
    refuse_cut(settings, versions)
    again = f"recolake train --tenant {tenant} --as-of {manifest.model_version}"
    with engine_errors("training data were read", again), _kept(manifest):
        return load_dataset(connect(settings), settings, tenant, versions)


@contextmanager
def _kept(manifest: Manifest) -> Iterator[None]:
    from pyspark.errors import PySparkException

    hint = "Delta keeps old versions as long as maintenance lets it; this model cannot be made again."
    try:
        yield
    except NotFoundError as error:
        raise TableVersionGoneError(error.message, hint=hint) from error
    except PySparkException as error:
        if _FILE_GONE not in str(error):
            raise
        raise TableVersionGoneError(
            f"A file is gone of the table versions that {manifest.model_version} was trained on.", hint=hint
        ) from error


def _retrain(
    settings: Settings,
    registry: Registry,
    dataset: Dataset,
    manifest: Manifest,
    config: ModelConfig,
    say: Progress,
) -> tuple[Run, Manifest]:
    from training.artifact import write_candidate
    from training.cold.served import served_candidate
    from training.datasets.gold import tables_read
    from training.experiment import run_experiment
    from training.tracking.record import log_cold, log_experiment, log_model, recorded_run

    seed = manifest.seed
    noted = {tags.REPRODUCES: manifest.model_version}
    with recorded_run(settings, registry, tables_read(dataset), noted) as run_id:
        experiment = run_experiment(dataset, seed, say, config)
        log_experiment(experiment, seed)
        candidate, cold = served_candidate(dataset, experiment, seed, say)
        log_cold(cold, candidate)
        with scratch(settings, registry.tenant) as folder:
            made = write_candidate(folder / "index", registry, dataset, config, candidate, seed, run_id)
            log_model(registry, folder / "index", candidate, register=False)
    return registry.client.get_run(run_id), made


def _changed(recorded: Mapping[str, float], now: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Metrics with another value than was recorded; speeds, and what one run alone has, are left out."""
    from training.tracking.record import SPEEDS

    return {
        name: (value, now[name])
        for name, value in sorted(recorded.items())
        if name in now and now[name] != value and name not in SPEEDS
    }


def _code(recorded: Run | None, manifest: Manifest) -> tuple[str, ...]:
    """The sources decide, where they were recorded: a commit may change what no model is made of."""
    before = tags_of(recorded).get(tags.SOURCE) if recorded else None
    if before == source_digest() or (before is None and manifest.code_version == git_commit()):
        return ()
    return (f"code was {manifest.code_version}, is {git_commit()}",)
