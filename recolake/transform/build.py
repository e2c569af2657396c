"""Builds silver and gold: one dbt run over what bronze has that the tables have not taken in."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recolake.lake.catalog import register_tables, table_version
from recolake.lake.engine import connect, engine_errors
from recolake.lake.tables import BRONZE_UPLOAD_STATES, DBT_TABLES, DBT_WHOLE_TABLES, Table
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.transform.admission import admit, all_decisions, reach_of, with_withdrawn_rows
from recolake.transform.anew import asked_anew, built_anew
from recolake.transform.columns import declared_columns, outgrown, stored_columns
from recolake.transform.lineage import build_lineage
from recolake.transform.marks import Mark, Reached, marks_after, reached_by, read_marks, write_marks
from recolake.transform.news import News, filled_tables, find_news, for_dbt, latest_ingests, model_name
from recolake.transform.outcome import BuildReport, NodeOutcome, read_outcome, require_success
from recolake.transform.run_dbt import DBT_PROJECT, Progress, dbt_to_oneself, run_dbt
from recolake.transform.weights import SeedState, fingerprint, mark_applied, seed_state

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


SEED_FILE = DBT_PROJECT / "seeds" / "event_weights.csv"
_MARTS = DBT_PROJECT / "models" / "marts"


@dataclass(frozen=True, slots=True)
class _Lake:
    """What is there when a build starts: Delta versions of the tables, the marks, and what they come to."""

    versions: dict[Table, int]
    marks: frozenset[Mark]
    reached: dict[str, Reached]


def build(
    settings: Settings,
    tenant: Tenant | None = None,
    full_refresh: bool = False,
    select: Sequence[str] | None = None,
    *,
    all_tests: bool = False,
    progress: Progress | None = None,
) -> BuildReport:
    """Bring silver and gold up to date with bronze, and test them.

    Only what new bronze rows touch is recomputed; running again changes nothing. With a `tenant`, nobody
    else's rows are read or written, also by a full refresh. When the weights of event types have changed,
    everything of everybody is recomputed, because every old row was weighed with them; so it is where a
    table has other columns than this release builds, as after an upgrade.

    Args:
        select: tables ("gold.popularity") or dbt selectors; None for all. What they are built from is brought
            up to date first; a full refresh takes along what is built from them instead.
        all_tests: run the tests that read whole tables too, and dbt's unit tests.

    Raises:
        BuildError: a model or a test failed; the message names it. What was built before it stays, and the
            next run goes on from there. A test that failed is asked again by every run until it passes.
        ServiceUnavailableError: the engine does not answer.
    """
    started = time.monotonic()
    spark = connect(settings)
    with (
        engine_errors("tables were built", "recolake build"),
        dbt_to_oneself(settings),
        build_lineage(settings) as told,
    ):
        if not spark.catalog.tableExists(BRONZE_UPLOAD_STATES.qualified):
            register_tables(spark, settings)
        lake = _look(spark, settings)
        weights = fingerprint(SEED_FILE)
        seed = seed_state(spark, lake.versions, weights)
        reason = _why_anew(spark, lake, seed)
        if reason is not None:
            tenant, full_refresh, select = None, True, None
            if progress:
                progress(f"{reason}: everything of everybody is recomputed")
        # In this order: a decision comes after every ingest that is complete when it is taken.
        ingests = latest_ingests(spark, tenant)
        decisions = all_decisions(spark, tenant)
        highs = reach_of(ingests, decisions)
        told.begins(spark, highs)
        admit(spark, settings, decisions, sorted(highs))
        asked = asked_anew(settings, highs) if select is None else []
        anew = [] if full_refresh else sorted({*with_withdrawn_rows(decisions, lake.reached, highs), *asked})
        for name in anew:
            lake = _build_anew(settings, spark, lake, Tenant(name), highs, progress)
            built_anew(settings, Tenant(name))
        news = find_news(spark, {} if full_refresh else lake.reached, highs)
        result = run_dbt(
            settings,
            spark,
            _arguments(select, full_refresh, all_tests, load_seed=seed is not SeedState.CURRENT),
            _told(spark, settings, tenant, news),
            progress,
        )
        nodes = read_outcome(result)
        told.built(spark, nodes, news, anew)
        if select is None:
            # What single tables were built from may lag behind: such runs leave no marks.
            done = _remember(spark, settings, lake, highs, nodes, result.success)
            if seed is not SeedState.CURRENT and done.issuperset(DBT_TABLES):
                mark_applied(spark, weights)
        require_success(result, nodes)
        for name in asked if full_refresh else ():
            built_anew(settings, Tenant(name))
        return BuildReport(
            models=tuple(n for n in nodes if n.kind == "model"),
            tests=tuple(n for n in nodes if n.kind in ("test", "unit_test")),
            tenants=(tenant.name,) if tenant else tuple(sorted(highs)),
            full_refresh=full_refresh,
            seconds=time.monotonic() - started,
        )


def _why_anew(spark: SparkSession, lake: _Lake, seed: SeedState) -> str | None:
    """What makes every old row wrong; None where nothing does."""
    if seed is SeedState.CHANGED:
        return "The weights of event types are new"
    changed = outgrown(stored_columns(spark, lake.versions), declared_columns(_MARTS))
    if not changed:
        return None
    tables = "; ".join(f"{table.qualified}: {', '.join(sorted(names))}" for table, names in changed.items())
    return f"This release has other columns ({tables})"


def _build_anew(
    settings: Settings,
    spark: SparkSession,
    lake: _Lake,
    tenant: Tenant,
    highs: Reached,
    progress: Progress | None,
) -> _Lake:
    """Recompute all tables of a tenant some of whose rows were withdrawn; gives what is there then.

    Raises:
        BuildError: a model or a test failed; the next build does it again.
    """
    if progress:
        progress(f"Rows of {tenant} were taken out again: its tables are recomputed")
    own = {tenant.name: highs[tenant.name]}
    result = run_dbt(
        settings,
        spark,
        _arguments(None, True, False, load_seed=False),
        _told(spark, settings, tenant, find_news(spark, {}, own)),
        progress,
    )
    nodes = read_outcome(result)
    _remember(spark, settings, lake, own, nodes, result.success)
    require_success(result, nodes)
    return _look(spark, settings)


def _told(
    spark: SparkSession, settings: Settings, tenant: Tenant | None, news: Mapping[str, Sequence[News]]
) -> dict[str, str]:
    """What dbt_project reads of the environment."""
    return {
        "RECOLAKE_TENANT": tenant.name if tenant else "",
        "RECOLAKE_NEWS": for_dbt(news),
        "RECOLAKE_FILLED": json.dumps(filled_tables(spark, settings)),
    }


def _look(spark: SparkSession, settings: Settings) -> _Lake:
    versions = _versions(spark, settings)
    marks = read_marks(spark, settings)
    return _Lake(versions, marks, reached_by(spark, versions, marks))


def _versions(spark: SparkSession, settings: Settings) -> dict[Table, int]:
    """Delta versions of the tables that dbt has built so far."""
    known = {
        f"{layer}.{row.tableName}"
        for layer in {table.layer for table in DBT_TABLES}
        for row in spark.sql(f"SHOW TABLES IN {layer}").collect()
    }
    return {table: table_version(spark, table, settings) for table in DBT_TABLES if table.qualified in known}


def _remember(
    spark: SparkSession,
    settings: Settings,
    lake: _Lake,
    highs: Reached,
    nodes: Sequence[NodeOutcome],
    passed: bool,
) -> set[Table]:
    """Write down how far the build got; gives the tables that it brought up to date."""
    succeeded = {node.name for node in nodes if node.kind == "model" and node.status == "success"}
    done = {table for table in DBT_TABLES if model_name(table) in succeeded}
    marks = marks_after(
        lake.reached,
        highs,
        before=lake.versions,
        after=_versions(spark, settings),
        done=done,
        checked=passed,
    )
    if marks != lake.marks:
        write_marks(spark, settings, marks)
    return done


def _arguments(
    select: Sequence[str] | None, full_refresh: bool, all_tests: bool, *, load_seed: bool
) -> list[str]:
    """dbt's command line, without its places."""
    arguments = ["build", "--threads", "4"]
    if select:
        names = {table.qualified: model_name(table) for table in (*DBT_TABLES, *DBT_WHOLE_TABLES)}
        chosen = [names.get(name, name) for name in select]
        arguments += ["--select", *(f"{name}+" if full_refresh else f"+{name}" for name in chosen)]
        # A test that compares a chosen table with one that is not brought up to date would fail for nothing.
        arguments += ["--indirect-selection", "cautious"]
    if full_refresh:
        arguments.append("--full-refresh")
    if not all_tests:
        arguments += ["--exclude", "tag:thorough", "--exclude-resource-type", "unit_test"]
    if not load_seed:
        arguments += ["--exclude-resource-type", "seed"]
    return arguments
