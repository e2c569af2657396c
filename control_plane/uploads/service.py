"""Uploads: landed like those of the command line, then announced to Airflow."""

from __future__ import annotations

from control_plane.uploads import repository
from control_plane.uploads.receive import Received
from control_plane.uploads.schemas import FileAccount, FileKnown, FileLanded, UploadAccepted, UploadRead
from recolake.errors import NotFoundError, ServiceUnavailableError, UploadError
from recolake.landing.store import land
from recolake.landing.upload import UploadManifest, list_uploads
from recolake.orchestration.airflow import notify_landing
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def accept(settings: Settings, tenant: Tenant, received: Received, *, again: bool = False) -> UploadAccepted:
    """Land what is new of the received files; with `again`, what was landed under another mapping, too.

    Raises:
        OtherMappingError: a file was landed under another mapping, and `again` is not set.
        UploadError: a part is missing, or a file cannot be used; nothing was landed.
        MappingError: the mapping is wrong or does not fit a file; nothing was landed.
    """
    if not received.files:
        raise UploadError("The request brought no file.", hint="Send a part `files`.", field="files")
    if received.mapping is None:
        raise UploadError(
            "The request names no mapping.", hint="Send a part `mapping`: a file, or a name.", field="mapping"
        )
    landed = land(settings, tenant, received.files, received.mapping, again=again)
    upload = landed.upload
    return UploadAccepted(
        upload_id=upload.upload_id if upload else None,
        new=_files(upload) if upload else [],
        known=[
            FileKnown(name=known.path.name, upload_id=known.upload_id, landed_as=known.landed_as)
            for known in landed.known
        ],
        announced=notify_landing(settings, tenant, upload.upload_id) if upload else False,
    )


def read(settings: Settings, tenant: Tenant, upload_id: str) -> UploadRead:
    """One upload of the tenant.

    Raises:
        NotFoundError: there is none of that id, or it is another tenant's.
    """
    found = [upload for upload in list_uploads(settings, tenant) if upload.upload_id == upload_id]
    if not found:
        raise NotFoundError("There is no such upload.", field="upload_id")
    (upload,) = found
    accounts: list[FileAccount] = []
    try:
        accounts = repository.accounting(settings, tenant, upload_id)
        state = "ingested" if accounts else "landed"
    except ServiceUnavailableError:
        state = "unknown"
    return UploadRead.model_validate(
        {
            "upload_id": upload.upload_id,
            "landed_at": upload.landed_at,
            "files": _files(upload),
            "state": state,
            "accounting": accounts,
        }
    )


def _files(upload: UploadManifest) -> list[FileLanded]:
    return [FileLanded(name=file.name, sha256=file.sha256, bytes=file.bytes) for file in upload.files]
