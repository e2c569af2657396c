"""Builds silver and gold: one dbt run, in this process, through the environment's warm Spark engine."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock

from recolake.endpoints import resolve
from recolake.lake.catalog import register_tables
from recolake.lake.engine import connect
from recolake.lake.read import table_states
from recolake.lake.tables import BRONZE_EVENTS, DBT_TABLES
from recolake.settings import PROJECT_ROOT, Settings
from recolake.tenancy.context import Tenant
from recolake.transform.outcome import BuildReport, read_outcome
from recolake.transform.weights import SeedState, seed_state

if TYPE_CHECKING:
    from dbt_common.events.base_types import EventMsg
    from pyspark.sql import SparkSession

DBT_PROJECT = PROJECT_ROOT / "dbt_project"
Progress = Callable[[str], None]


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
    everything of everybody is recomputed, because every old row was weighed with them.

    Args:
        select: tables ("gold.popularity") or dbt selectors; None for all. A full refresh takes along what is
            built from them.
        all_tests: run the tests that read whole tables too, and dbt's unit tests.

    Raises:
        BuildError: a model or a test failed; the message names it. What was built before it stays, and the
            next run goes on from there.
        ServiceUnavailableError: the engine does not answer.
    """
    started = time.monotonic()
    spark = connect(settings)
    if not spark.catalog.tableExists(BRONZE_EVENTS.qualified):
        register_tables(spark, settings)
    seed = seed_state(spark, settings)
    if seed is SeedState.CHANGED:
        tenant, full_refresh, select = None, True, None

    arguments = ["build", *_selection(select, full_refresh), "--threads", "4"]
    if full_refresh:
        arguments.append("--full-refresh")
    if not all_tests:
        arguments += ["--exclude", "tag:thorough", "--exclude-resource-type", "unit_test"]
    if seed is SeedState.CURRENT:
        arguments += ["--exclude-resource-type", "seed"]
    result = run_dbt(settings, spark, arguments, tenant, progress)
    nodes = read_outcome(result)
    return BuildReport(
        models=tuple(n for n in nodes if n.kind == "model"),
        tests=tuple(n for n in nodes if n.kind in ("test", "unit_test")),
        tables=table_states(spark, DBT_TABLES, tenant, settings),
        full_refresh=full_refresh,
        seconds=time.monotonic() - started,
    )


def run_dbt(
    settings: Settings,
    spark: SparkSession,
    arguments: Sequence[str],
    tenant: Tenant | None = None,
    progress: Progress | None = None,
) -> object:
    """Run one dbt command; one at a time in an environment. Returns dbt's own result object.

    dbt switches ANSI mode off in the session it shares with us; it is switched back.
    """
    from dbt.cli.main import dbtRunner

    folder = settings.home / "dbt"
    folder.mkdir(parents=True, exist_ok=True)
    invocation = [
        *arguments,
        "--project-dir",
        str(DBT_PROJECT),
        "--profiles-dir",
        str(DBT_PROJECT),
        "--target-path",
        str(folder / "target"),
        "--log-path",
        str(folder / "logs"),
    ]
    callbacks = [_reporter(progress)] if progress else []
    ansi = spark.conf.get("spark.sql.ansi.enabled")
    with FileLock(folder / "run.lock"), _environment(settings, tenant), warnings.catch_warnings():
        # dbt-spark asks every session for Hive, which a Connect session has or has not from the server.
        warnings.filterwarnings("ignore", message="Failed to set spark.sql.catalogImplementation")
        try:
            return dbtRunner(callbacks=callbacks).invoke(["--quiet", "--no-use-colors", *invocation])
        finally:
            spark.conf.set("spark.sql.ansi.enabled", ansi or "true")


@contextmanager
def _environment(settings: Settings, tenant: Tenant | None) -> Iterator[None]:
    """What dbt_project reads from the environment, for as long as dbt runs."""
    wanted = {
        "SPARK_REMOTE": resolve(settings, "spark"),
        "RECOLAKE_LAKE_ROOT": settings.lake_root,
        "RECOLAKE_TENANT": tenant.name if tenant else "",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


def _selection(select: Sequence[str] | None, full_refresh: bool) -> list[str]:
    if not select:
        return []
    names = {table.qualified: f"{table.layer}_{table.name}" for table in DBT_TABLES}
    chosen = [names.get(name, name) for name in select]
    return ["--select", *(f"{name}+" if full_refresh else name for name in chosen)]


def _reporter(progress: Progress) -> Callable[[EventMsg], None]:
    def report(event: EventMsg) -> None:
        if event.info.name == "LogModelResult":
            progress(f"{event.data.description.split(' ')[-1]} in {event.data.execution_time:.1f} s")

    return report
