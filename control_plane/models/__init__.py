"""One module a table; importing this package makes `Base.metadata` complete."""

from __future__ import annotations

from control_plane.models.api_key import ApiKeyRow
from control_plane.models.base import Base
from control_plane.models.tenant import TenantRow

__all__ = ["ApiKeyRow", "Base", "TenantRow"]
