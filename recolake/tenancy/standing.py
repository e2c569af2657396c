"""How a tenant stands with the platform: from the wish for it to its certificate of closure."""

from __future__ import annotations

from enum import StrEnum

from recolake.errors import ForbiddenError


class Standing(StrEnum):
    """Where a tenant is in its life.

    `failed` says that a step of its beginning failed so often that somebody has to look; it is tried on all
    the same, and who may log in may work meanwhile.
    """

    REQUESTED = "requested"
    PROVISIONING = "provisioning"
    FAILED = "failed"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSING = "closing"
    CLOSED = "closed"

    @property
    def barred(self) -> bool:
        """Whether nothing is taken from the tenant, and nothing answered but what concerns its account."""
        return self in _HINTS


class TenantBarredError(ForbiddenError):
    """The key or session is good, but the tenant is suspended, closing or closed: `tenant_<standing>`."""

    def __init__(self, standing: Standing) -> None:
        super().__init__(f"This organisation is {standing}.", hint=_HINTS[standing])
        self.code = f"tenant_{standing}"


_HINTS = {
    Standing.SUSPENDED: "Whoever runs this platform suspended it: ask them. Nothing is lost.",
    Standing.CLOSING: "Until the data is erased an owner can reopen it: POST /v1/organisation/reopen.",
    Standing.CLOSED: "Its data is erased. An owner can still fetch GET /v1/organisation/closure.",
}
