"""What the lakehouse knows about an upload's rows."""

from __future__ import annotations

from control_plane.uploads.schemas import FileAccount
from recolake.errors import NotFoundError, ServiceUnavailableError
from recolake.lake.engine import connect
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_INGESTS
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def accounting(settings: Settings, tenant: Tenant, upload_id: str) -> list[FileAccount]:
    """The row accounting of an upload, file by file; empty before it is ingested.

    Raises:
        ServiceUnavailableError: the engine does not answer.
    """
    from pyspark.errors import PySparkException
    from pyspark.sql import functions as F  # noqa: N812

    try:
        ingests = read_tenant(connect(settings), settings, BRONZE_INGESTS, tenant)
        rows = ingests.where(F.col("upload_id") == upload_id).orderBy("source_file").collect()
    except NotFoundError:
        return []
    except PySparkException as error:
        raise ServiceUnavailableError("The Spark engine does not answer.") from error
    return [
        FileAccount(
            file=row.source_file,
            rows_in=row.rows_in,
            accepted=row.accepted,
            quarantined=row.quarantined,
            repeats=row.repeats,
            reasons=row.reasons or {},
        )
        for row in rows
    ]
