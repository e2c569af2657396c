"""Where everything lies in an exit package: known to what writes it and to what reads it."""

from __future__ import annotations

from pathlib import Path

from recolake.lake.tables import Table

INDEX, MLFLOW, TABLES = "model/index", "model/mlflow", "tables"
README, CONTENTS, CHECKSUMS = "README.md", "package.json", "SHA256SUMS"
PSEUDONYM_KEY = "pseudonym.key"


def table_folder(package: Path, table: Table) -> Path:
    """Folder of a Delta table within a package."""
    return package / TABLES / table.layer / table.name
