"""Uploads: landed like those of the command line, then announced to Airflow."""

from __future__ import annotations

from control_plane.files import service as files
from control_plane.uploads.receive import Received
from control_plane.uploads.schemas import (
    DecisionMade,
    FileAccount,
    FileKnown,
    FileLanded,
    UploadAccepted,
    UploadRead,
)
from recolake.audit.entry import Actor
from recolake.errors import ServiceUnavailableError, UploadError
from recolake.landing.store import land
from recolake.landing.upload import UploadManifest, list_uploads
from recolake.orchestration.airflow import announce, notify_landing
from recolake.orchestration.chain import extra_for
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.uploads.decisions import decide as take_decision
from recolake.uploads.decisions import require_upload
from recolake.uploads.overview import UploadView, look_at
from recolake.uploads.states import Action, State

_PATIENCE_SECONDS = 10.0


def accept(settings: Settings, tenant: Tenant, received: Received, *, again: bool = False) -> UploadAccepted:
    """Land what is new of the received files; with `again`, what was landed under another mapping, too.

    Raises:
        OtherMappingError: a file was landed under another mapping, and `again` is not set.
        UploadError: a part is missing, or a file cannot be used; nothing was landed.
        NotFoundError, FileIncompleteError: a file that is said to be sent is not there, or not whole.
        MappingError: the mapping is wrong or does not fit a file; nothing was landed.
    """
    sent = files.finished(settings, tenant, received.sent)
    paths = [*received.files, *(file.path for file in sent)]
    if not paths:
        raise UploadError("The request brought no file.", hint="Send a part `files`.", field="files")
    if received.mapping is None:
        raise UploadError(
            "The request names no mapping.", hint="Send a part `mapping`: a file, or a name.", field="mapping"
        )
    landed = land(settings, tenant, paths, received.mapping, again=again)
    for file in sent:
        files.remove(file)
    upload = landed.upload
    return UploadAccepted(
        upload_id=upload.upload_id if upload else None,
        new=_files(upload) if upload else [],
        known=[
            FileKnown(name=known.name, upload_id=known.upload_id, landed_as=known.landed_as)
            for known in landed.known
        ],
        announced=notify_landing(settings, tenant, upload.upload_id) if upload else False,
    )


def read(settings: Settings, tenant: Tenant, upload_id: str) -> UploadRead:
    """One upload of the tenant.

    Raises:
        NotFoundError: there is none of that id, or it is another tenant's.
    """
    require_upload(settings, tenant, upload_id)
    try:
        return _shown(look_at(settings, tenant, upload_id))
    except ServiceUnavailableError:
        (upload,) = (u for u in list_uploads(settings, tenant) if u.upload_id == upload_id)
        return _shown(UploadView(upload, State.LANDED)).model_copy(update={"state": "unknown"})


def decide(
    settings: Settings,
    tenant: Tenant,
    upload_id: str,
    action: Action,
    *,
    by: str,
    reason: str,
    actor: Actor | None = None,
) -> UploadRead:
    """Release, reject or revert an upload; Airflow is told to build.

    Raises:
        NotFoundError: there is no upload of that id, or it is another tenant's.
        UploadStateError: the upload is in no state for that.
        ServiceUnavailableError: an ingest is running, or the engine does not answer.
    """
    made = take_decision(
        settings, tenant, upload_id, action, by=by, reason=reason, seconds=_PATIENCE_SECONDS, actor=actor
    )
    if made.state is not State.REJECTED:
        announce(settings, "bronze", extra_for([tenant.name]))
    return read(settings, tenant, upload_id)


def _shown(view: UploadView) -> UploadRead:
    return UploadRead(
        upload_id=view.upload_id,
        landed_at=view.landed_at,
        files=_files(view.manifest),
        state=view.state.value,
        accounting=[
            FileAccount(
                file=file.file,
                rows_in=file.rows_in,
                accepted=file.accepted,
                quarantined=file.quarantined,
                repeats=file.repeats,
                reasons=dict(file.reasons),
            )
            for file in view.files
        ],
        score=view.score,
        failures=dict(view.failures),
        decisions=[
            DecisionMade.model_validate(
                {
                    "state": decision.state.value,
                    "decided_by": decision.decided_by,
                    "decided_at": decision.decided_at,
                    "reason": decision.reason,
                }
            )
            for decision in view.decisions
        ],
    )


def _files(upload: UploadManifest) -> list[FileLanded]:
    return [FileLanded(name=file.name, sha256=file.sha256, bytes=file.bytes) for file in upload.files]
