"""Routes of the audit log: a tenant reads and exports its own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from control_plane.audit import service
from control_plane.audit.schemas import AuditPage
from control_plane.auth import AuditReader, CurrentSettings
from recolake.audit.export_file import MEDIA_TYPE
from recolake.web.described import problems

router = APIRouter(prefix="/v1/audit", tags=["audit"])


@router.get("", operation_id="list_audit")
def list_audit(
    holder: AuditReader,
    settings: CurrentSettings,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many at most")] = 100,
    cursor: Annotated[
        int | None, Query(ge=1, lt=1 << 63, description="`next_cursor` of the page before")
    ] = None,
) -> AuditPage:
    """Who did what, newest first."""
    return service.page(settings, holder.tenant, limit, cursor)


@router.get(
    "/export",
    operation_id="export_audit",
    response_class=StreamingResponse,
    responses={200: {"content": {MEDIA_TYPE: {}}}, **problems(409)},
)
def export_audit(holder: AuditReader, settings: CurrentSettings) -> StreamingResponse:
    """The whole log with its signed checkpoints, to be verified offline: `recolake audit verify FILE`.

    409: the log is not as it was written; the answer names the first bad entry.
    """
    lines = service.export(settings, holder.tenant, by=holder.as_actor)
    name = f'attachment; filename="audit-{holder.tenant}.jsonl"'
    return StreamingResponse(lines, media_type=MEDIA_TYPE, headers={"Content-Disposition": name})
