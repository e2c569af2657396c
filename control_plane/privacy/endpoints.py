"""Routes of what people ask."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, status
from fastapi.responses import FileResponse

from control_plane.auth import CurrentSettings, PrivacyReader, PrivacyWriter
from control_plane.privacy import service
from control_plane.privacy.schemas import OptOutAsked, OptOutRead, PersonNamed, RequestRead
from recolake.privacy.certificate import Certificate
from recolake.privacy.requests import Kind

router = APIRouter(prefix="/v1/privacy", tags=["privacy"])

RequestId = Annotated[str, Path(max_length=64)]


@router.post("/erasures", operation_id="ask_erasure", status_code=status.HTTP_202_ACCEPTED)
def ask_erasure(body: PersonNamed, holder: PrivacyWriter, settings: CurrentSettings) -> RequestRead:
    """Have a person removed from everywhere. Nothing brings them back.

    What they did until now is erased, and not taken in again, whoever sends it. Asked again while it is not
    done, it is the same request.
    """
    return service.ask(settings, holder.tenant, Kind.ERASURE, body, by=holder.as_actor)


@router.get("/erasures/{request_id}", operation_id="read_erasure")
def read_erasure(request_id: RequestId, holder: PrivacyReader, settings: CurrentSettings) -> RequestRead:
    """How far an erasure came."""
    return service.read(settings, holder.tenant, Kind.ERASURE, request_id)


@router.get("/erasures/{request_id}/certificate", operation_id="read_certificate")
def read_certificate(request_id: RequestId, holder: PrivacyReader, settings: CurrentSettings) -> Certificate:
    """Every store that was looked at and what was found, signed. 404 until the erasure is done."""
    return service.certificate(settings, holder.tenant, request_id)


@router.post("/exports", operation_id="ask_export", status_code=status.HTTP_202_ACCEPTED)
def ask_export(body: PersonNamed, holder: PrivacyWriter, settings: CurrentSettings) -> RequestRead:
    """Have everything that is held of a person put into a zip."""
    return service.ask(settings, holder.tenant, Kind.EXPORT, body, by=holder.as_actor)


@router.get("/exports/{request_id}", operation_id="read_export")
def read_export(request_id: RequestId, holder: PrivacyReader, settings: CurrentSettings) -> RequestRead:
    """How far an export came."""
    return service.read(settings, holder.tenant, Kind.EXPORT, request_id)


@router.get(
    "/exports/{request_id}/file",
    operation_id="fetch_export",
    response_class=FileResponse,
    responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
)
def fetch_export(request_id: RequestId, holder: PrivacyReader, settings: CurrentSettings) -> FileResponse:
    """The zip, for a week. 404 until the export is done."""
    path = service.export_of(settings, holder.tenant, request_id)
    return FileResponse(path, media_type="application/zip", filename=path.name)


@router.post("/opt-outs", operation_id="opt_out")
def opt_out(body: OptOutAsked, holder: PrivacyWriter, settings: CurrentSettings) -> OptOutRead:
    """Leave a person out of training from the next run on (CCPA), or take them in again."""
    return service.opt_out(settings, holder.tenant, body, by=holder.as_actor)
