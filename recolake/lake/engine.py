"""The one way to the lakehouse engine: a Spark Connect session on the environment's warm server."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from recolake.endpoints import resolve
from recolake.errors import ServiceUnavailableError
from recolake.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def connect(settings: Settings) -> SparkSession:
    """A session on the engine; sessions of one process share it.

    Raises:
        ServiceUnavailableError: the engine does not answer.
    """
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    # PySpark writes every failed query to standard error, plan and stack trace included, beside raising it.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    url = resolve(settings, "spark")
    try:
        session: SparkSession = SparkSession.builder.remote(url).getOrCreate()
        session.sql("SELECT 1").collect()
    except (PySparkException, OSError) as error:
        raise ServiceUnavailableError(
            f"The Spark engine at {url} does not answer.",
            hint="See `recolake status` and `recolake logs spark`.",
        ) from error
    return session
