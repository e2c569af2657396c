"""What is left to do: all of it after an upload, the rest after an interruption, nothing in a second run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recolake.demo.tracking import last_training
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_INGESTS
from recolake.landing.upload import list_uploads
from recolake.orchestration.chain import CHAIN, LANDING
from recolake.ranking.pointer import current_version
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def asset_to_announce(spark: SparkSession, settings: Settings, tenant: Tenant) -> str | None:
    """The asset from which the chain must run; None if the served model knows of all that was uploaded.

    A training run whose model the gate turned down counts: from the same rows it would be turned down again.
    """
    from pyspark.sql import functions as F  # noqa: N812

    useful = F.when(F.col("accepted") > 0, F.unix_micros("ingested_at"))
    uploads = read_tenant(spark, settings, BRONZE_INGESTS, tenant).groupBy("upload_id")
    ingested = {row["upload_id"]: row["at"] for row in uploads.agg(F.max(useful).alias("at")).collect()}
    if {upload.upload_id for upload in list_uploads(settings, tenant)} - ingested.keys():
        return LANDING
    newest = max((at for at in ingested.values() if at is not None), default=None)
    if newest is None:
        return None
    if current_version(settings, tenant) is None:
        return CHAIN[0].writes
    return None if last_training(settings, tenant).timestamp() * 1e6 > newest else CHAIN[0].writes
