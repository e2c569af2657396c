"""Routes of an organisation's life. What is made or taken away meanwhile is told step by step."""

from __future__ import annotations

from fastapi import APIRouter, status

from control_plane.auth import CurrentSettings, TenantCloser, TenantReader
from control_plane.lifecycle import service
from control_plane.lifecycle.schemas import Closing, LifecycleRead
from recolake.errors import InvalidInputError
from recolake.privacy.closure import ClosureCertificate
from recolake.web.described import problems

router = APIRouter(prefix="/v1/organisation", tags=["organisations"])


@router.get("", operation_id="read_organisation")
def read_organisation(principal: TenantReader, settings: CurrentSettings) -> LifecycleRead:
    """Whether it is active, suspended or closing; each step of its beginning or end, and what failed."""
    return service.read(settings, principal.tenant)


@router.post("/close", operation_id="close_organisation", status_code=status.HTTP_202_ACCEPTED)
def close_organisation(body: Closing, principal: TenantCloser, settings: CurrentSettings) -> LifecycleRead:
    """Close it: keys are refused and all sessions end at once, this one too; the data goes when the grace is
    over. Until then an owner can log in, fetch exports, and reopen it.
    """
    if body.confirm != principal.tenant.name:
        raise InvalidInputError(
            "That is not this organisation's name.", hint="Send its name to close it.", field="confirm"
        )
    return service.close(settings, principal.tenant, by=principal.as_actor)


@router.post("/reopen", operation_id="reopen_organisation", responses=problems(410))
def reopen_organisation(principal: TenantCloser, settings: CurrentSettings) -> LifecycleRead:
    """Take the closing back, while the grace lasts. 410: the data is being erased, or is."""
    return service.reopen(settings, principal.tenant, by=principal.as_actor)


@router.get("/closure", operation_id="read_closure", responses=problems(404))
def read_closure(principal: TenantReader, settings: CurrentSettings) -> ClosureCertificate:
    """The signed certificate of closure, once it is closed: `recolake tenant verify FILE` checks it."""
    return service.closure(settings, principal.tenant)
