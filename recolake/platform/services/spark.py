"""The lakehouse engine: one Spark Connect server with Delta; its Derby metastore is a cache in the home."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from recolake.errors import ServiceUnavailableError
from recolake.platform import probes
from recolake.platform.jars import engine_jars
from recolake.platform.java import java_home
from recolake.platform.service import HOST, Context, PlatformService, base_environment
from recolake.settings import PROJECT_ROOT, Settings

_METASTORE = "metastore"
_LOG_SETTINGS = Path(__file__).with_name("spark-log4j2.properties")


def spark_home() -> Path:
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        message = "pyspark is not installed"
        raise RuntimeError(message)
    return Path(found.origin).parent


class SparkConnect(PlatformService):
    name = "spark"
    endpoint = "spark"
    preferred_port = 15002
    start_seconds = 180.0

    def _folder(self, context: Context) -> Path:
        return context.settings.home / "spark"

    def url(self, context: Context) -> str:
        return f"sc://{HOST}:{context.port}"

    def prepare(self, context: Context) -> None:
        folder = self._folder(context)
        for name in ("local", "tmp"):
            # Shuffle files and session artefacts of an earlier server; no process of ours can be using them.
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / name).mkdir(parents=True)
        engine_jars()

    def environment(self, context: Context) -> dict[str, str]:
        return {
            "SPARK_HOME": str(spark_home()),
            "JAVA_HOME": str(java_home()),
            "SPARK_LOCAL_IP": HOST,
            "SPARK_LOCAL_DIRS": str(self._folder(context) / "local"),
            "PYSPARK_PYTHON": sys.executable,
            "PYTHONPATH": str(PROJECT_ROOT),
            "OMP_NUM_THREADS": "1",
        }

    def command(self, context: Context) -> list[str]:
        folder = self._folder(context)
        derby = f"jdbc:derby:;databaseName={folder / _METASTORE};create=true"
        settings = context.settings
        java_options = (
            f"-Dderby.system.home={folder} -Djava.io.tmpdir={folder / 'tmp'} -Duser.timezone=UTC "
            f"-Dlog4j2.configurationFile=file:{_LOG_SETTINGS} "
            # Out of memory, a server lingers half dead; ended, it is started again.
            f"{settings.spark_java_options} -XX:+ExitOnOutOfMemoryError"
        )
        options = {
            "spark.connect.grpc.binding.address": HOST,
            "spark.connect.grpc.binding.port": str(context.port),
            "spark.connect.grpc.maxInboundMessageSize": str(512 << 20),
            "spark.driver.host": HOST,
            "spark.driver.bindAddress": HOST,
            "spark.driver.extraJavaOptions": java_options,
            "spark.driver.maxResultSize": "2g",
            "spark.hadoop.javax.jdo.option.ConnectionURL": derby,
            # Hive's default, /tmp/hive, belongs to whoever on this machine was first.
            "spark.hadoop.hive.exec.scratchdir": str(folder / "tmp" / "hive"),
            "spark.hadoop.hive.exec.local.scratchdir": str(folder / "tmp" / "hive"),
            "spark.hadoop.hive.downloaded.resources.dir": str(folder / "tmp" / "hive"),
            "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
            "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
            "spark.sql.catalogImplementation": "hive",
            "spark.sql.warehouse.dir": f"{settings.lake_root}/warehouse",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": str(2 * settings.spark_cores),
            "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
            "spark.databricks.delta.snapshotPartitions": "2",
            # Each table's log that is kept holds three megabytes of plans; by itself 10,000 are.
            "spark.databricks.delta.delta.log.cacheSize": "64",
            # Tasks that list folders, in VACUUM above all; by itself 10,000 for however few files.
            "spark.sql.sources.parallelPartitionDiscovery.parallelism": str(4 * settings.spark_cores),
            "spark.ui.showConsoleProgress": "false",
            # By itself a page is 32 MiB and more of long arrays: each sort and join of small tables takes
            # one, and on this heap they are most of what is in use.
            "spark.buffer.pageSize": "2m",
            # What is kept of past queries for a page that is not shown.
            "spark.ui.retainedJobs": "50",
            "spark.ui.retainedStages": "50",
            "spark.sql.ui.retainedExecutions": "50",
            # Every query, and every stage of it that is planned anew, has its plan written out for that page;
            # at length ("formatted") this took an eighth of the engine's time.
            "spark.sql.ui.explainMode": "simple",
            # The plan of an ingest holds the tenant's pseudonym key: no page and no event log may show plans.
            "spark.ui.enabled": "false",
            "spark.eventLog.enabled": "false",
        }
        flags = [part for key, value in options.items() for part in ("--conf", f"{key}={value}")]
        return [
            str(spark_home() / "bin" / "spark-submit"),
            "--class",
            "org.apache.spark.sql.connect.service.SparkConnectServer",
            "--name",
            "recolake",
            "--master",
            f"local[{settings.spark_cores}]",
            "--driver-memory",
            settings.spark_driver_memory,
            "--driver-class-path",
            os.pathsep.join(map(str, engine_jars())),
            *flags,
            "spark-internal",
        ]

    def healthy(self, context: Context) -> bool:
        return probes.accepts(context.port)

    def complete(self, settings: Settings, url: str) -> None:
        """Make every table known; in a process of its own, so that the supervisor stays small."""
        done = subprocess.run(
            [sys.executable, "-m", "recolake.platform.register"],
            env=base_environment(settings) | {"RECOLAKE_SPARK_URL": url},
            cwd=settings.run_root,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ServiceUnavailableError(
                f"the tables could not be registered:\n{done.stderr.strip()[-2000:]}"
            )

    def repair(self, context: Context) -> bool:
        """Set aside a metastore that cannot be read: it is a cache, the tables are in their Delta logs."""
        metastore = self._folder(context) / _METASTORE
        if not metastore.exists():
            return False
        metastore.rename(metastore.with_name(f"{_METASTORE}-broken-{time.strftime('%Y%m%dT%H%M%S')}"))
        return True
