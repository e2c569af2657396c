"""Whether the rows in the lake were weighed with the weights of event types that the seed file gives.

dbt loads the file into a table before the first row is weighed, so the table alone does not tell how far a
run got. A property of the table does: it names the weights that all rows are weighed with, is set once they
are, and goes when dbt makes the table anew.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Collection
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from recolake.lake.tables import EVENT_WEIGHTS, GOLD_INTERACTIONS, GOLD_ITEM_DAYS, Table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_APPLIED = "recolake.applied"


class SeedState(Enum):
    """CHANGED: tables may hold rows weighed with other weights than the file's."""

    MISSING = "missing"
    CURRENT = "current"
    CHANGED = "changed"


def fingerprint(seed_file: Path) -> str:
    """Hash of the weights; neither the order of the lines nor the way a number is written changes it.

    Raises:
        OSError: the file cannot be read.
    """
    with seed_file.open(newline="") as lines:
        weights = sorted(
            (row["event_type"], Decimal(row["weight"]).normalize()) for row in csv.DictReader(lines)
        )
    return hashlib.sha256(repr(weights).encode()).hexdigest()


def seed_state(spark: SparkSession, built: Collection[Table], weights: str) -> SeedState:
    """What the lake says of the weights with this fingerprint; `built` are the tables that exist."""
    if not spark.catalog.tableExists(EVENT_WEIGHTS.qualified):
        weighed = GOLD_INTERACTIONS in built or GOLD_ITEM_DAYS in built
        return SeedState.CHANGED if weighed else SeedState.MISSING
    rows = spark.sql(f"SHOW TBLPROPERTIES {EVENT_WEIGHTS.qualified}").collect()
    applied = {row["key"]: row["value"] for row in rows}.get(_APPLIED)
    return SeedState.CURRENT if applied == weights else SeedState.CHANGED


def mark_applied(spark: SparkSession, weights: str) -> None:
    """From now on all rows are weighed with the weights of this fingerprint."""
    spark.sql(f"ALTER TABLE {EVENT_WEIGHTS.qualified} SET TBLPROPERTIES ('{_APPLIED}' = '{weights}')")
