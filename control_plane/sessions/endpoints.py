"""Routes of sessions: where one is logged in, and out again."""

from __future__ import annotations

from fastapi import APIRouter, status

from control_plane.auth import CurrentSettings, Oneself
from control_plane.fields import PathId
from control_plane.sessions import service
from control_plane.sessions.schemas import SessionRead

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])


@router.get("", operation_id="list_sessions")
def list_sessions(principal: Oneself, settings: CurrentSettings) -> list[SessionRead]:
    """Where one is logged in, in every organisation, newest first."""
    return service.list_own(settings, principal)


@router.delete("/{session_id}", operation_id="end_session", status_code=status.HTTP_204_NO_CONTENT)
def end_session(session_id: PathId, principal: Oneself, settings: CurrentSettings) -> None:
    """Log out; `current` is the session that asks.

    Its access tokens are refused from now on, and it cannot be refreshed.
    """
    named = principal.session_id if session_id == "current" else session_id
    service.end_own(settings, principal, named or "")
