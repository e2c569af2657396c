"""Bring Redis in line with the gold tables: what changed, or everything where that is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import redis

from recolake.errors import ServiceUnavailableError
from recolake.experiments.store import ExperimentDocumentError, running_experiment
from recolake.features.feast_import import load_feast
from recolake.features.keys import drop_views, row_key, rows_of
from recolake.features.names import TENANT_KEY, View
from recolake.features.online import features_mark, redis_client, redis_errors, write_rows
from recolake.features.store import offline_store
from recolake.lake.engine import engine_errors
from recolake.lineage.emit import LineageRun, lineage_run, table_at
from recolake.lineage.events import DataState
from recolake.lineage.names import features
from recolake.ranking.pointer import current_version, served_manifest
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.locks import Work, exclusive

if TYPE_CHECKING:
    from feast import FeatureStore
    from pyspark.sql import SparkSession

    from feature_repo.changes import Rows, Source

Progress = Callable[[str], None]


@dataclass
class MaterializeReport:
    """What one run did.

    `full` is True where everything was written, because it was asked for or because Redis had lost it.
    `rows` counts rows written by view, `removed` rows that Redis had and the tables have no more.
    """

    tenant: Tenant
    full: bool = False
    rows: dict[str, int] = field(default_factory=dict)
    removed: int = 0
    model_version: str | None = None
    definitions_applied: bool = False

    @property
    def changed(self) -> bool:
        """Whether anything in Redis is different now."""
        return bool(self.full or self.removed or any(self.rows.values()))


def materialize(
    settings: Settings, tenant: Tenant, *, full: bool = False, progress: Progress | None = None
) -> MaterializeReport:
    """Write a tenant's features and the served model's vectors into Redis; safe to run again.

    Without `full`, only rows of people and items that changed since the last run are written. A run that was
    killed is completed by the next. Runs for one tenant wait for each other.

    Raises:
        NotFoundError: the feature tables were not built yet.
        ServiceUnavailableError: Redis, Spark or PostgreSQL does not answer; the next run completes this one.
    """
    say = progress or (lambda _: None)
    with (
        exclusive(settings, tenant, Work.MATERIALIZATION, say),
        _services(),
        lineage_run(settings, tenant, "materialize") as run,
    ):
        return _materialize(settings, tenant, full, say, run)


def _materialize(
    settings: Settings, tenant: Tenant, full: bool, say: Progress, run: LineageRun
) -> MaterializeReport:
    load_feast()
    from feature_repo.changes import FeatureTable
    from feature_repo.definitions import apply_definitions, fingerprint
    from feature_repo.sources import SOURCE_VIEWS
    from feature_repo.watermark import Watermark, read_watermark, write_watermark
    from recolake.lake.engine import connect

    client = redis_client(settings)
    spark = connect(settings)
    store = offline_store(settings)
    report = MaterializeReport(tenant, definitions_applied=apply_definitions(settings, store))

    definitions = fingerprint()
    done = read_watermark(client, tenant)
    if full or done is None or done.definitions != definitions:
        report.full, done = True, Watermark(definitions)
    tables = {
        name: FeatureTable(spark, settings, source, tenant) for name, (source, _) in SOURCE_VIEWS.items()
    }
    now = {name: table.position() for name, table in tables.items()}
    run.reads(*(table_at(tables[name].source.table, at.version, settings) for name, at in now.items()))
    for name, (source, views) in SOURCE_VIEWS.items():
        since, at = done.tables.get(name), now[name]
        if since != at:
            rows = tables[name].changed_rows(since, at) if since else None
            _bring(client, store, source, views, rows or tables[name].all_rows(at), report)
            say(f"{name}: {report.rows[views[0]]} rows")
    _bring_vectors(settings, spark, client, report, say)
    write_watermark(client, tenant, Watermark(definitions, now))
    if report.changed or not client.exists(features_mark(tenant)):
        client.set(features_mark(tenant), datetime.now(UTC).isoformat())
    if report.changed:
        run.wrote(DataState(features(datetime.now(UTC).isoformat())))
    return report


def _bring(
    client: redis.Redis,
    store: FeatureStore,
    source: Source,
    views: Sequence[View],
    rows: Rows,
    report: MaterializeReport,
) -> None:
    """Write the latest rows of one table into its views, and remove what is gone."""
    for view in views:
        report.rows[view] = write_rows(store, view, rows.latest)

    def key(value: str) -> bytes:
        return row_key({TENANT_KEY: report.tenant.name, source.key: value})

    if rows.gone is None:
        kept = {key(value) for value in rows.latest.column(source.key).to_pylist()}
        there = rows_of(client, {TENANT_KEY: report.tenant.name}, any_of=source.key)
        gone = [found for found in there if found not in kept]
    else:
        gone = [key(value) for value in rows.gone]
    # What was pushed of people of whom the tables know nothing yet lies under the same keys, and stays.
    columns = {
        view.value: [field.name for field in store.get_feature_view(view.value).features] for view in views
    }
    report.removed += drop_views(client, gone, columns)


def _bring_vectors(
    settings: Settings, spark: SparkSession, client: redis.Redis, report: MaterializeReport, say: Progress
) -> None:
    """Vectors of the models in use in, those of old ones out; the pointer stands still meanwhile."""
    from feature_repo.vectors import bring_vectors, challenger_manifest, drop_old_vectors

    tenant = report.tenant
    with exclusive(settings, tenant, Work.PUBLICATION, say):
        report.model_version = current_version(settings, tenant)
        manifest = served_manifest(settings, tenant)
        if manifest is not None:
            report.rows |= bring_vectors(settings, spark, client, tenant, manifest, say, again=report.full)
        elif report.model_version:
            say(f"{report.model_version} is damaged; `recolake publish --tenant {tenant}` brings it anew")
        try:
            trial = running_experiment(settings, tenant)
        except ExperimentDocumentError as error:
            say(f"{error.message} No vectors are removed.")
            return
        challenger = challenger_manifest(settings, tenant, trial, say)
        if challenger is not None:
            brought = bring_vectors(settings, spark, client, tenant, challenger, say, again=report.full)
            report.rows |= {view: report.rows.get(view, 0) + rows for view, rows in brought.items()}
        used = {report.model_version or "", *(trial.versions if trial else ())}
        report.removed += drop_old_vectors(client, tenant, used)


@contextmanager
def _services() -> Iterator[None]:
    """A service that goes away in the middle is the operator's concern, not a crash."""
    from sqlalchemy.exc import OperationalError

    work, again = "features were written", "recolake materialize"
    try:
        with engine_errors(work, again), redis_errors(work, again):
            yield
    except OperationalError as error:
        raise ServiceUnavailableError(
            f"PostgreSQL stopped answering while {work}.",
            hint=f"Nothing is lost: see `recolake status`, then run `{again}` again.",
        ) from error
