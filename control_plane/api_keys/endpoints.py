"""Routes of API keys: a tenant manages its own."""

from __future__ import annotations

from fastapi import APIRouter, status

from control_plane.api_keys import service
from control_plane.api_keys.schemas import ApiKeyCreate, ApiKeyCreated, ApiKeyRead
from control_plane.auth import CurrentSettings, KeyWriter
from recolake.audit.actors import key_actor
from recolake.errors import ForbiddenError

router = APIRouter(prefix="/v1/keys", tags=["keys"])


@router.post("", operation_id="create_key", status_code=status.HTTP_201_CREATED)
def create_key(body: ApiKeyCreate, holder: KeyWriter, settings: CurrentSettings) -> ApiKeyCreated:
    """Make a key. The answer is the only place where its secret is ever shown."""
    if beyond := sorted(set(body.scopes) - holder.scopes):
        raise ForbiddenError(f"This key cannot give what it lacks: {', '.join(beyond)}.", field="scopes")
    by = key_actor(holder)
    return service.create_key(settings, holder.tenant, body.scopes, body.expires_at, by=by)


@router.get("", operation_id="list_keys")
def list_keys(holder: KeyWriter, settings: CurrentSettings) -> list[ApiKeyRead]:
    """All keys of the tenant, oldest first, revoked ones too."""
    return service.list_keys(settings, holder.tenant)


@router.delete("/{key_id}", operation_id="revoke_key", status_code=status.HTTP_204_NO_CONTENT)
def revoke_key(key_id: str, holder: KeyWriter, settings: CurrentSettings) -> None:
    """Revoke a key: it is refused everywhere within seconds, and stays in the list."""
    service.revoke_key(settings, holder.tenant, key_id, by=key_actor(holder))
