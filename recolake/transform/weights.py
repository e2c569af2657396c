"""Whether the weights of event types in the lake are those of the seed file."""

from __future__ import annotations

import csv
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING

from recolake.lake.tables import EVENT_WEIGHTS
from recolake.settings import PROJECT_ROOT, Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SEED_FILE = PROJECT_ROOT / "dbt_project" / "seeds" / "event_weights.csv"


class SeedState(Enum):
    """CHANGED: tables may hold rows weighed with other weights than the file's."""

    MISSING = "missing"
    CURRENT = "current"
    CHANGED = "changed"


def seed_state(spark: SparkSession, settings: Settings) -> SeedState:
    """Compare the seed file with the table; the table is the memory of what the rows were weighed with."""
    if not spark.catalog.tableExists(EVENT_WEIGHTS.qualified):
        return SeedState.MISSING
    stored = {row["event_type"]: row["weight"] for row in spark.table(EVENT_WEIGHTS.qualified).collect()}
    with SEED_FILE.open(newline="") as lines:
        wanted = {row["event_type"]: Decimal(row["weight"]) for row in csv.DictReader(lines)}
    return SeedState.CURRENT if stored == wanted else SeedState.CHANGED
