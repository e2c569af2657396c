"""What the lakehouse knows about an upload's rows."""

from __future__ import annotations

from control_plane.uploads.schemas import FileAccount
from recolake.lake.engine import connect
from recolake.lake.tables import BRONZE_INGESTS
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def accounting(settings: Settings, tenant: Tenant, upload_id: str) -> list[FileAccount]:
    """The row accounting of an upload, file by file; empty before it is ingested.

    Raises:
        ServiceUnavailableError: the engine does not answer.
    """
    rows = connect(settings).sql(
        f"SELECT file, rows_in, accepted, quarantined, repeats, reasons FROM {BRONZE_INGESTS.qualified}"  # noqa: S608
        " WHERE tenant_id = :tenant AND upload_id = :upload ORDER BY file",
        args={"tenant": tenant.name, "upload": upload_id},
    )
    return [FileAccount(**row.asDict() | {"reasons": row.reasons or {}}) for row in rows.collect()]
