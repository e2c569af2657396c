"""By which name the platform signs."""

from __future__ import annotations

from recolake.endpoints import read_endpoints
from recolake.settings import Settings


def issuer_of(settings: Settings) -> str:
    """The control plane's own address, as people reach it: `RECOLAKE_CONTROL_URL`, else where it listens."""
    url = settings.control_url or read_endpoints(settings).get("control") or "http://127.0.0.1:8001"
    return url.rstrip("/")
