"""Vectors in Redis: of the served model, an experiment's and recent ones, always whole versions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

import redis

from recolake.errors import ArtifactError
from recolake.experiments.document import Experiment
from recolake.features.lake_vectors import VECTOR_TABLES, lake_vectors
from recolake.features.names import View
from recolake.features.online import drop_vectors, vectors_mark, vectors_ready, write_vectors
from recolake.ranking.artifact import users_checksum
from recolake.ranking.manifest import Manifest, read_manifest
from recolake.ranking.pointer import version_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# A rollback to one of these needs nothing but the pointer.
KEPT_VERSIONS = 3


def bring_vectors(
    settings: Settings,
    spark: SparkSession,
    client: redis.Redis,
    tenant: Tenant,
    manifest: Manifest,
    say: Callable[[str], None],
    *,
    again: bool,
) -> dict[str, int]:
    """Write all vectors of a model, unless they are there; returns how many were written, by view.

    Where the lake has not all of them, as after an older state of it was brought back, there is nothing to
    write, and vectors of another model under this version's name must go.
    """
    version, checksum = manifest.model_version, users_checksum(manifest)
    ready = vectors_ready(client, tenant, version, checksum)
    if ready and not again:
        return {}
    expected: dict[str, int] = {View.USER_VECTOR: manifest.users, View.ITEM_VECTOR: manifest.count}
    vectors = {
        view: lake_vectors(spark, settings, view, tenant, version, checksum).toArrow()
        for view in VECTOR_TABLES
    }
    found: dict[str, int] = {view: int(rows.num_rows) for view, rows in vectors.items()}
    if found == expected:
        write_vectors(settings, tenant, version, checksum, vectors)
        return found
    if not ready and client.exists(vectors_mark(tenant, version)):
        drop_vectors(client, tenant, version)
    say(f"the lake lacks vectors of {version}; `recolake publish --tenant {tenant}` writes the served one's")
    return {}


def challenger_manifest(
    settings: Settings, tenant: Tenant, trial: Experiment | None, say: Callable[[str], None]
) -> Manifest | None:
    """Manifest of an experiment's challenger; None without one, or where it is not what it was."""
    if trial is None:
        return None
    try:
        manifest = read_manifest(version_folder(settings, tenant, trial.challenger))
        if users_checksum(manifest) == trial.challenger_checksum:
            return manifest
    except ArtifactError as error:
        say(f"the challenger of {trial.experiment_id} is damaged: {error.message}")
        return None
    say(f"{trial.challenger} is another model than when {trial.experiment_id} started")
    return None


def drop_old_vectors(client: redis.Redis, tenant: Tenant, used: Collection[str]) -> int:
    """Remove the vectors of all versions but those in use and the newest; returns how many there were."""
    prefix = vectors_mark(tenant, "")
    marks = client.scan_iter(match=f"{prefix}*", count=1_000)
    versions = [mark.decode().removeprefix(prefix) for mark in marks]
    return sum(drop_vectors(client, tenant, version) for version in superseded(versions, used))


def superseded(versions: Sequence[str], used: Collection[str]) -> list[str]:
    """Versions that are neither in use nor among the newest."""
    newest = sorted(versions, key=lambda version: int(version.removeprefix("v")), reverse=True)
    return [version for version in newest[KEPT_VERSIONS:] if version not in used]
