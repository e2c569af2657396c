"""User vectors in Redis: those of the served model and its recent predecessors, always whole versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import redis
from pyspark.sql import functions as F  # noqa: N812

from recolake.features.keys import delete_keys, rows_of
from recolake.features.names import MODEL_KEY, TENANT_KEY, USER_KEY
from recolake.features.online import vectors_mark, write_user_vectors
from recolake.lake.read import read_tenant
from recolake.lake.tables import GOLD_USER_EMBEDDINGS
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# A rollback to one of these needs nothing but the pointer.
KEPT_VERSIONS = 3


def bring_vectors(
    settings: Settings, spark: SparkSession, client: redis.Redis, tenant: Tenant, version: str, *, again: bool
) -> int:
    """Write all user vectors of a model version, unless they are there; returns how many were written."""
    if client.exists(vectors_mark(tenant, version)) and not again:
        return 0
    embeddings = read_tenant(spark, settings, GOLD_USER_EMBEDDINGS, tenant)
    of_version = embeddings.where(F.col(MODEL_KEY) == version)
    rows = of_version.select(USER_KEY, "vector", "event_timestamp").toArrow()
    write_user_vectors(settings, tenant, version, rows)
    return int(rows.num_rows)


def drop_old_vectors(client: redis.Redis, tenant: Tenant, served: str | None) -> int:
    """Remove the vectors of all versions but the served one and the newest; returns how many there were."""
    prefix = vectors_mark(tenant, "")
    marks = client.scan_iter(match=f"{prefix}*", count=1_000)
    versions = [mark.decode().removeprefix(prefix) for mark in marks]
    removed = 0
    for version in superseded(versions, served):
        client.delete(vectors_mark(tenant, version))
        names = {MODEL_KEY: version, TENANT_KEY: tenant.name}
        removed += delete_keys(client, rows_of(client, names, any_of=USER_KEY))
    return removed


def superseded(versions: Sequence[str], served: str | None) -> list[str]:
    """Versions that are neither served nor among the newest."""
    newest = sorted(versions, key=lambda version: int(version.removeprefix("v")), reverse=True)
    return [version for version in newest[KEPT_VERSIONS:] if version != served]
