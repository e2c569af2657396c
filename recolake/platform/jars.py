"""The Delta jars that Spark needs, resolved once into the environment; afterwards no start needs the network.

`python -m recolake.platform.jars` resolves them now. Spark's resolver would also look into `~/.m2`, where a
half-filled repository makes it fail; so it runs with a home folder of its own.
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
_GROUPS = ("io.delta_", "io.unitycatalog_", "org.locationtech.jts_")


def _coordinates() -> str:
    spark = ".".join(importlib.metadata.version("pyspark").split(".")[:2])
    return f"io.delta:delta-spark_{spark}_{_SCALA}:{importlib.metadata.version('delta-spark')}"


def delta_jars() -> list[Path]:
    """Paths of Delta's jars, resolved if they are not there yet.

    Raises:
        ServiceUnavailableError: they could not be resolved.
    """
    coordinates = _coordinates()
    folder = Path(sys.prefix) / "delta-jars" / coordinates.replace(":", "_")
    stamp = folder / "resolved"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        if not stamp.exists():
            _resolve(coordinates, folder)
            stamp.touch()
    # The rest of what the resolver fetched is in Spark itself already.
    return sorted(jar for jar in (folder / "jars").glob("*.jar") if jar.name.startswith(_GROUPS))


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
    print(f"{len(delta_jars())} jars")
