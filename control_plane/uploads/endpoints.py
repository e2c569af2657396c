"""Routes of uploads."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, status
from fastapi.concurrency import run_in_threadpool

from control_plane.auth import CurrentSettings, UploadReader, UploadWriter
from control_plane.uploads import service
from control_plane.uploads.receive import MAX_FILES, receive
from control_plane.uploads.schemas import DecisionAsked, UploadAccepted, UploadRead
from recolake.uploads.states import Action
from recolake.web.described import problems

Again = Annotated[bool, Query(description="Land files too that were sent before with another mapping")]

router = APIRouter(prefix="/v1/uploads", tags=["uploads"])

# The body is taken apart by hand, straight to the disk, so its description is written by hand too.
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["mapping"],
                    "additionalProperties": False,
                    "properties": {
                        "files": {
                            "type": "array",
                            "maxItems": MAX_FILES,
                            "items": {"type": "string", "format": "binary"},
                            "description": "Raw files",
                        },
                        "sent": {
                            "type": "array",
                            "maxItems": MAX_FILES,
                            "items": {"type": "string"},
                            "description": "Ids of files that were sent in pieces to /v1/files",
                        },
                        "mapping": {
                            "type": "string",
                            "description": "A mapping file, or the name of one that the platform knows",
                        },
                    },
                }
            }
        },
    }
}


@router.post(
    "",
    operation_id="create_upload",
    status_code=status.HTTP_202_ACCEPTED,
    responses={200: {"model": UploadAccepted}, **problems(404, 413)},
    openapi_extra=_BODY,
)
async def create_upload(
    request: Request,
    response: Response,
    holder: UploadWriter,
    settings: CurrentSettings,
    again: Again = False,
) -> UploadAccepted:
    """Put raw files into the landing zone. Content that was sent before is recognised, whatever its name.

    202: an upload is landed and will be ingested. 200: every file was known, nothing is to be done.
    409: a file was sent before with another mapping, and `again` is not set.
    """
    settings.temporary_root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="upload-", dir=settings.temporary_root) as folder:
        received = await receive(request, Path(folder), settings.upload_max_bytes)
        accepted = await run_in_threadpool(service.accept, settings, holder.tenant, received, again=again)
    if accepted.upload_id is None:
        response.status_code = status.HTTP_200_OK
    return accepted


@router.get("/{upload_id}", operation_id="read_upload")
def read_upload(upload_id: str, holder: UploadReader, settings: CurrentSettings) -> UploadRead:
    """How far an upload came, with the accounting of its rows once it is ingested."""
    return service.read(settings, holder.tenant, upload_id)


@router.post("/{upload_id}/release", operation_id="release_upload")
def release_upload(
    upload_id: str, asked: DecisionAsked, holder: UploadWriter, settings: CurrentSettings
) -> UploadRead:
    """Take a held, rejected or reverted upload in: the next build has its rows. 409: it is none of those."""
    return _decide(upload_id, Action.RELEASE, asked, holder, settings)


@router.post("/{upload_id}/reject", operation_id="reject_upload")
def reject_upload(
    upload_id: str, asked: DecisionAsked, holder: UploadWriter, settings: CurrentSettings
) -> UploadRead:
    """Leave a held upload out for good. 409: it is in another state."""
    return _decide(upload_id, Action.REJECT, asked, holder, settings)


@router.post("/{upload_id}/revert", operation_id="revert_upload")
def revert_upload(
    upload_id: str, asked: DecisionAsked, holder: UploadWriter, settings: CurrentSettings
) -> UploadRead:
    """Take its rows out again: the next build is as if it had never come. 409: they are not in."""
    return _decide(upload_id, Action.REVERT, asked, holder, settings)


def _decide(
    upload_id: str, action: Action, asked: DecisionAsked, holder: UploadWriter, settings: CurrentSettings
) -> UploadRead:
    by, actor = holder.actor, holder.as_actor
    return service.decide(settings, holder.tenant, upload_id, action, by=by, reason=asked.reason, actor=actor)
