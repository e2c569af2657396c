"""What a Delta table is to the registry: layer, name, columns, clustering, properties and constraints."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from recolake.settings import Settings


class Layer(StrEnum):
    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its Spark SQL type, whether NULL is refused, and what it means.

    `later` says that tables were made before there was this column: they get it, and NULL in their old rows.
    """

    name: str
    type: str
    comment: str
    required: bool = False
    later: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One Delta table; `columns` is empty for tables whose contract dbt holds."""

    layer: Layer
    name: str
    comment: str
    cluster_by: tuple[str, ...]
    columns: tuple[Column, ...] = ()
    # Delta keeps min/max of a column in its log; columns with people's words in them must not end up there.
    unindexed: tuple[str, ...] = ()
    # Whether rows of large files are replaced a few at a time: then they are marked, and the file stays.
    # Every read of such a table lists all its files once more (docs/adr/0029).
    deletion_vectors: bool = False
    # Conditions that Delta asks of every row it is given, by name.
    constraints: tuple[tuple[str, str], ...] = ()

    @property
    def qualified(self) -> str:
        return f"{self.layer}.{self.name}"

    def location(self, settings: Settings) -> str:
        return f"{settings.lake_root}/{self.layer}/{self.name}"

    @property
    def properties(self) -> dict[str, str]:
        """Delta table properties: the same for every table but for deletion vectors and statistics columns.

        Delta refuses statistics of booleans, arrays and maps. Of a table that dbt builds, its clustering
        columns and `ingested_at` are enough to skip files.
        """
        stats = [c.name for c in self.columns if c.name not in self.unindexed and c.type in _WITH_STATISTICS]
        return {
            **TABLE_PROPERTIES,
            "delta.enableDeletionVectors": str(self.deletion_vectors).lower(),
            "delta.dataSkippingStatsColumns": ",".join(stats or (*self.cluster_by, "ingested_at")),
        }


TABLE_PROPERTIES = {"delta.enableChangeDataFeed": "true"}

_WITH_STATISTICS = ("string", "bigint", "timestamp", "date", "double", "decimal(18,4)")
