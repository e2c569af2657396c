"""Routes of tenants. They begin by sign-up, or on the command line."""

from __future__ import annotations

from fastapi import APIRouter

from control_plane.auth import CurrentSettings, TenantReader
from control_plane.tenants import service
from control_plane.tenants.schemas import TenantRead
from recolake.errors import NotFoundError

router = APIRouter(prefix="/v1/tenants", tags=["tenants"])


@router.get("/{tenant_id}", operation_id="read_tenant")
def read_tenant(tenant_id: str, principal: TenantReader, settings: CurrentSettings) -> TenantRead:
    """The tenant that the caller belongs to; every other name answers 404, whether it exists or not."""
    if tenant_id != principal.tenant.name:
        raise NotFoundError("There is no such tenant.", field="tenant_id")
    return service.read_tenant(settings, principal.tenant)
