"""Routes of files that come in pieces: tus 1.0.0 with creation, expiration and termination (https://tus.io)."""

from __future__ import annotations

import base64
import binascii
from email.utils import formatdate
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Request, Response, status
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from control_plane.auth import CurrentSettings, UploadWriter
from control_plane.files import service
from control_plane.files.errors import NoPieceError, OtherProtocolError
from control_plane.files.middleware import VERSION
from recolake.errors import InvalidInputError
from recolake.web.described import problems

_PIECE = "application/offset+octet-stream"

router = APIRouter(prefix="/v1/files", tags=["files"])

FileId = Annotated[str, Path(description="As the creation's Location gave it")]
Bytes = Annotated[int, Header(ge=0, lt=1 << 63)]


def _speaks_tus(_: UploadWriter, tus_resumable: Annotated[str, Header()] = "") -> None:
    if tus_resumable != VERSION:
        raise OtherProtocolError(
            f"This is tus {VERSION}.", hint=f"Send Tus-Resumable: {VERSION}.", field="Tus-Resumable"
        )


_TUS = [Depends(_speaks_tus)]


@router.options("", operation_id="describe_files", status_code=status.HTTP_204_NO_CONTENT)
def describe_files(response: Response, holder: UploadWriter, settings: CurrentSettings) -> None:
    """What of tus is spoken here."""
    response.headers.update(
        {
            "Tus-Extension": "creation,expiration,termination",
            "Tus-Max-Size": str(settings.upload_max_bytes),
        }
    )


@router.post(
    "",
    operation_id="create_file",
    status_code=status.HTTP_201_CREATED,
    dependencies=_TUS,
    responses=problems(412, 413),
)
def create_file(
    response: Response,
    holder: UploadWriter,
    settings: CurrentSettings,
    upload_length: Bytes,
    upload_metadata: Annotated[
        str, Header(description="`filename` and its name in Base64; other pairs are not looked at")
    ],
) -> None:
    """Begin a file that comes in pieces; `Location` is where they go. 413: too much waits to be landed."""
    file = service.begin(settings, holder.tenant, _file_name(upload_metadata), upload_length)
    _describe(response, file)
    response.headers["Location"] = f"{router.prefix}/{file.file_id}"


@router.head("/{file_id}", operation_id="measure_file", dependencies=_TUS, responses=problems(412))
def measure_file(
    file_id: FileId, response: Response, holder: UploadWriter, settings: CurrentSettings
) -> None:
    """How much of it is here: `Upload-Offset`."""
    file = service.find(settings, holder.tenant, file_id)
    _describe(response, file)
    response.headers["Upload-Length"] = str(file.length)
    response.headers["Cache-Control"] = "no-store"


@router.patch(
    "/{file_id}",
    operation_id="continue_file",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=_TUS,
    responses=problems(409, 412, 415, 423),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {_PIECE: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def continue_file(
    file_id: FileId,
    request: Request,
    response: Response,
    holder: UploadWriter,
    settings: CurrentSettings,
    upload_offset: Bytes,
) -> None:
    """Send the next piece. What came of it stays, also when the connection drops.

    409: it does not begin where the file ends; `offset` says where that is.
    """
    if request.headers.get("content-type", "") != _PIECE:
        raise NoPieceError("A piece of a file is needed.", hint=f"Send it as {_PIECE}.", field="Content-Type")
    file = service.find(settings, holder.tenant, file_id)
    with service.piece(file, upload_offset) as piece:
        try:
            async for chunk in request.stream():
                await run_in_threadpool(piece.write, chunk)
        except ClientDisconnect:
            # Nobody hears the answer; what came is kept like a piece that ended here.
            pass
        await run_in_threadpool(piece.flush)
    _describe(response, file)


@router.delete(
    "/{file_id}",
    operation_id="delete_file",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=_TUS,
    responses=problems(412, 423),
)
def delete_file(file_id: FileId, holder: UploadWriter, settings: CurrentSettings) -> None:
    """Forget a file that no upload landed."""
    service.remove(service.find(settings, holder.tenant, file_id))


def _describe(response: Response, file: service.Unfinished) -> None:
    response.headers["Upload-Offset"] = str(file.offset)
    response.headers["Upload-Expires"] = formatdate(file.expires_at, usegmt=True)


def _file_name(metadata: str) -> str:
    pairs = (pair.split() for pair in metadata.split(","))
    names = [pair[1] for pair in pairs if len(pair) == 2 and pair[0] == "filename"]
    try:
        return base64.b64decode(names[0], validate=True).decode() if names else ""
    except (binascii.Error, UnicodeDecodeError):
        raise InvalidInputError("The file's name is no Base64 of UTF-8.", field="Upload-Metadata") from None
