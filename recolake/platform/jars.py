"""Jars from Maven Central, resolved once into the environment; afterwards no start needs the network.

`python -m recolake.platform.jars` resolves those of the engine now; those of the embedded Kafka broker are
fetched when it is started first. Spark's resolver would also look into `~/.m2`, where a half-filled
repository makes it fail; so it runs with a home folder of its own.
"""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from filelock import FileLock

from recolake.errors import ServiceUnavailableError
from recolake.platform.java import java_home

_SCALA = "2.13"
_BROKER = f"org.apache.kafka:kafka_{_SCALA}:4.1.0"
# The rest of what the resolver fetches for the engine is in Spark itself already.
_OF_THE_ENGINE = (
    "io.delta_",
    "io.unitycatalog_",
    "org.locationtech.jts_",
    "org.apache.spark_",
    "org.apache.kafka_",
    "org.apache.commons_commons-pool2-",
)
# Spark's own write the log, for which the broker's lack a part, and hold what Scala is.
_OF_SPARK = ("scala-library-", "slf4j-api-", "log4j-api-", "log4j-core-", "log4j-slf4j2-impl-")
_REPLACED = ("org.slf4j_", "org.apache.logging.log4j_")


def _engine() -> str:
    spark = importlib.metadata.version("pyspark")
    release = ".".join(spark.split(".")[:2])
    delta = f"io.delta:delta-spark_{release}_{_SCALA}:{importlib.metadata.version('delta-spark')}"
    return f"{delta},org.apache.spark:spark-sql-kafka-0-10_{_SCALA}:{spark}"


def engine_jars() -> list[Path]:
    """Paths of Delta's jars and those by which Spark reads Kafka, resolved if they are not there yet.

    Raises:
        ServiceUnavailableError: they could not be resolved.
    """
    return [jar for jar in _resolved(_engine()) if jar.name.startswith(_OF_THE_ENGINE)]


def broker_jars() -> list[Path]:
    """Paths of the jars that a Kafka broker is, resolved if they are not there yet.

    Raises:
        ServiceUnavailableError: they could not be resolved.
    """
    from recolake.platform.services.spark import spark_home

    own = [jar for jar in _resolved(_BROKER) if not jar.name.startswith(_REPLACED)]
    of_spark = sorted((spark_home() / "jars").glob("*.jar"))
    return own + [jar for jar in of_spark if jar.name.startswith(_OF_SPARK)]


def _resolved(coordinates: str) -> list[Path]:
    name = coordinates.replace(":", "_").replace(",", "+")
    folder = Path(sys.prefix) / "jars" / name
    stamp = folder / "resolved"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        if not stamp.exists():
            _resolve(coordinates, folder)
            stamp.touch()
    return sorted((folder / "jars").glob("*.jar"))


def _resolve(coordinates: str, folder: Path) -> None:
    from recolake.platform.services.spark import spark_home

    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {
            "SPARK_SUBMIT_OPTS": f"-Duser.home={home}",
            "SPARK_HOME": str(spark_home()),
            "JAVA_HOME": str(java_home()),
        }
        done = subprocess.run(
            [
                str(spark_home() / "bin" / "spark-submit"),
                "--packages",
                coordinates,
                "--conf",
                f"spark.jars.ivy={folder}",
                "--class",
                "org.apache.hadoop.util.VersionInfo",
                "spark-internal",
            ],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise ServiceUnavailableError(
            f"Spark could not resolve {coordinates}: {done.stderr.strip().splitlines()[-1:]}",
            hint="It needs Java 17 and, this once, Maven Central; then run `make setup` again.",
        )


if __name__ == "__main__":
    print(f"{len(engine_jars())} jars")
