"""Routes of API keys: a tenant manages its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from fastapi import APIRouter, status

from control_plane.api_keys import service
from control_plane.api_keys.schemas import ApiKeyCreate, ApiKeyCreated, ApiKeyRead, ApiKeyRotate
from control_plane.auth import CurrentSettings, KeyReader, KeyWriter
from control_plane.fields import PathId
from control_plane.permissions import missing
from control_plane.principal import Principal
from recolake.errors import ForbiddenError
from recolake.tenancy.api_keys import Scope

router = APIRouter(prefix="/v1/keys", tags=["keys"])


@router.post("", operation_id="create_key", status_code=status.HTTP_201_CREATED)
def create_key(body: ApiKeyCreate, principal: KeyWriter, settings: CurrentSettings) -> ApiKeyCreated:
    """Make a key. The answer is the only place where its secret is ever shown."""
    _check_may_give(principal, body.scopes)
    return service.create_key(
        settings,
        principal.tenant,
        body.scopes,
        body.expires_at,
        name=body.name,
        environment=body.environment,
        by=principal.as_actor,
    )


@router.get("", operation_id="list_keys")
def list_keys(principal: KeyReader, settings: CurrentSettings) -> list[ApiKeyRead]:
    """All keys of the tenant, oldest first, revoked ones too."""
    return service.list_keys(settings, principal.tenant)


@router.post("/{key_id}/rotate", operation_id="rotate_key", status_code=status.HTTP_201_CREATED)
def rotate_key(
    key_id: PathId, body: ApiKeyRotate, principal: KeyWriter, settings: CurrentSettings
) -> ApiKeyCreated:
    """Make a key like this one, which stays valid for the grace time. 409: it is over already."""
    return service.rotate_key(
        settings,
        principal.tenant,
        key_id,
        timedelta(seconds=body.grace_seconds),
        may_give=lambda scopes: _check_may_give(principal, scopes),
        by=principal.as_actor,
    )


@router.delete("/{key_id}", operation_id="revoke_key", status_code=status.HTTP_204_NO_CONTENT)
def revoke_key(key_id: PathId, principal: KeyWriter, settings: CurrentSettings) -> None:
    """Revoke a key: it is refused everywhere within seconds, and stays in the list."""
    service.revoke_key(settings, principal.tenant, key_id, by=principal.as_actor)


def _check_may_give(principal: Principal, scopes: Iterable[Scope]) -> None:
    if beyond := missing(scopes, principal.permissions):
        raise ForbiddenError(f"Nobody gives what they lack: {', '.join(beyond)}.", field="scopes")
