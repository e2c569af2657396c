"""Runs dbt in this process, through the environment's warm Spark engine."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock

from recolake.endpoints import resolve
from recolake.settings import PROJECT_ROOT, Settings

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt_common.events.base_types import EventMsg
    from pyspark.sql import SparkSession

DBT_PROJECT = PROJECT_ROOT / "dbt_project"
Progress = Callable[[str], None]


@contextmanager
def dbt_to_oneself(settings: Settings) -> Iterator[None]:
    """One user of dbt, and one writer of what it builds, at a time in an environment; others wait."""
    folder = settings.home / "dbt"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "run.lock"):
        yield


def run_dbt(
    settings: Settings,
    spark: SparkSession,
    arguments: Sequence[str],
    environment: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> dbtRunnerResult:
    """Run one dbt command under `dbt_to_oneself`.

    dbt switches ANSI mode off in the session it shares with us; it is switched back.

    Args:
        environment: variables that dbt_project reads, beside those that are always set.
    """
    from dbt.cli.main import dbtRunner

    folder = settings.home / "dbt"
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
    variables = {
        "SPARK_REMOTE": resolve(settings, "spark"),
        "RECOLAKE_LAKE_ROOT": settings.lake_root,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        **(environment or {}),
    }
    callbacks = [_reporter(progress)] if progress else []
    ansi = spark.conf.get("spark.sql.ansi.enabled")
    with _environment(variables), warnings.catch_warnings():
        # dbt-spark asks every session for Hive, which a Connect session has or has not from the server.
        warnings.filterwarnings("ignore", message="Failed to set spark.sql.catalogImplementation")
        try:
            return dbtRunner(callbacks=callbacks).invoke(["--quiet", "--no-use-colors", *invocation])
        finally:
            spark.conf.set("spark.sql.ansi.enabled", ansi or "true")


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """The process's environment with these variables, for as long as dbt runs."""
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


def _reporter(progress: Progress) -> Callable[[EventMsg], None]:
    def report(event: EventMsg) -> None:
        if event.info.name == "LogModelResult":
            progress(f"{event.data.description.split(' ')[-1]} in {event.data.execution_time:.1f} s")

    return report
