"""Everything that a tenant has here, in a folder that needs nothing of the platform."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from recolake.errors import InvalidInputError, NotFoundError
from recolake.files import sha256_file
from recolake.lake.catalog import is_delta, table_version
from recolake.lake.engine import connect, engine_errors
from recolake.lake.read import TableState, read_tenant
from recolake.lake.tables import ALL_TABLES
from recolake.ranking.history import read_history
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import tenant_key
from training.exit_package.layout import (
    CHECKSUMS,
    CONTENTS,
    INDEX,
    MLFLOW,
    PSEUDONYM_KEY,
    README,
    table_folder,
)
from training.exit_package.readme import readme
from training.store import ensure_artifact
from training.tracking.registry import open_registry

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Package:
    """What was written.

    Attributes:
        tables: rows and Delta version of each table that was copied, by name.
        model_version: the served model; None where none is served, and then the package holds tables alone.
    """

    folder: Path
    tables: dict[str, TableState]
    model_version: str | None


def export(
    settings: Settings,
    tenant: Tenant,
    folder: Path,
    *,
    with_pseudonym_key: bool = False,
    progress: Progress | None = None,
) -> Package:
    """Write the tenant's tables, the served model and its index into a new folder.

    The tables are plain Delta tables of this tenant's rows alone, each as of one version. The folder appears
    when it is complete; killed, this leaves `.<name>.partial` beside it, which the next run removes.

    Args:
        with_pseudonym_key: put in the key that turns the tenant's own user ids into those of the tables.

    Raises:
        InvalidInputError: the folder exists and is not empty.
        ServiceUnavailableError: Spark or MLflow does not answer.
        ArtifactError: the served model is damaged here and in MLflow.
    """
    say = progress or (lambda _: None)
    folder = folder.absolute()
    with _appears_whole(folder) as building:
        with engine_errors("tables were exported", f"recolake export --tenant {tenant} --to {folder}"):
            spark = connect(settings)
            tables = dict(_copy_tables(spark, settings, tenant, building, say))
        version = _copy_model(settings, tenant, building, say)
        if with_pseudonym_key:
            (building / PSEUDONYM_KEY).write_bytes(tenant_key(settings, tenant))
            (building / PSEUDONYM_KEY).chmod(0o600)
        (building / README).write_text(readme(tenant, tables, version))
        (building / CONTENTS).write_text(_contents(tenant, tables, version))
        (building / CHECKSUMS).write_text(_checksums(building))
    return Package(folder, tables, version)


@contextmanager
def _appears_whole(folder: Path) -> Iterator[Path]:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInputError(
            f"{folder} exists already.", hint="Name a folder that is not there yet.", field="to"
        )
    building = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    yield building
    if folder.exists():
        folder.rmdir()
    building.rename(folder)


def _copy_tables(
    spark: SparkSession, settings: Settings, tenant: Tenant, building: Path, say: Progress
) -> Iterator[tuple[str, TableState]]:
    for table in ALL_TABLES:
        if not is_delta(spark, table.location(settings)):
            continue
        version = table_version(spark, table, settings)
        rows = read_tenant(spark, settings, table, tenant, version)
        target = table_folder(building, table)
        rows.write.format("delta").save(str(target))
        if not target.is_dir():
            raise NotFoundError(
                f"The engine wrote {table.qualified} where this machine does not see it.",
                hint="Run this on the machine of the Spark server, or name a folder that both share.",
                field="to",
            )
        count = spark.read.format("delta").load(str(target)).count()
        say(f"{table.qualified}: {count:,} rows (version {version})")
        yield table.qualified, TableState(count, version)


def _copy_model(settings: Settings, tenant: Tenant, building: Path, say: Progress) -> str | None:
    import mlflow

    version = read_history(settings, tenant).served
    if version is None:
        say("no model is served: the package holds tables alone")
        return None
    with open_registry(settings, tenant) as registry:
        entry = registry.version(version)
        artifact, _ = ensure_artifact(settings, registry, version, entry.run_id, say)
        shutil.copytree(artifact.folder, building / INDEX)
        source = f"models:/{registry.model_name}/{version.removeprefix('v')}"
        mlflow.artifacts.download_artifacts(artifact_uri=source, dst_path=str(building / MLFLOW))
    say(f"model {version}: index of {artifact.manifest.count:,} items, MLflow's model")
    return version


def _contents(tenant: Tenant, tables: dict[str, TableState], version: str | None) -> str:
    content = {
        "schema_version": 1,
        "tenant_id": tenant.name,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "model_version": version,
        "tables": {name: {"rows": state.rows, "version": state.version} for name, state in tables.items()},
    }
    return json.dumps(content, indent=1) + "\n"


def _checksums(folder: Path) -> str:
    """As `sha256sum -c SHA256SUMS` reads it."""
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return "".join(f"{sha256_file(folder / path)}  {path}\n" for path in files)
