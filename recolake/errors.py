"""Errors that reach a person: each has a stable code, one sentence of what happened, and what to do about
it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class RecolakeError(Exception):
    """Base of every error that Recolake raises on purpose.

    `code` is stable across releases; the command line prints `message` and `hint` and exits with 2, HTTP
    services answer `status` with a problem document (RFC 9457) that carries the code, and `members` beside.
    """

    code = "recolake_error"
    status = 500

    def __init__(self, message: str, *, hint: str = "", field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field
        self.retry_after: float | None = None
        """Seconds after which trying again may help; HTTP services say so."""

    @property
    def members(self) -> Mapping[str, Any]:
        """What more a program may want to know: further members of the problem document."""
        return {}


class InvalidInputError(RecolakeError):
    """What the caller sent cannot be used as it is."""

    code = "invalid_input"
    status = 422


class UnknownTenantError(RecolakeError):
    """No tenant of that name exists here."""

    code = "unknown_tenant"
    status = 404


class NotFoundError(RecolakeError):
    """The named thing does not exist, or is not the caller's to see."""

    code = "not_found"
    status = 404


class UnauthenticatedError(RecolakeError):
    """No key, or one that is not valid."""

    code = "unauthenticated"
    status = 401


class ForbiddenError(RecolakeError):
    """The key is valid but may not do this."""

    code = "forbidden"
    status = 403


class ServiceUnavailableError(RecolakeError):
    """A service that this step needs does not answer; nothing was changed."""

    code = "service_unavailable"
    status = 503


class MappingError(InvalidInputError):
    """A mapping file is wrong; the message names its line and the column it speaks of."""

    code = "invalid_mapping"


class UploadError(InvalidInputError):
    """A file cannot be uploaded as it is; nothing was landed."""

    code = "invalid_upload"


class ArtifactError(RecolakeError):
    """An index artefact is torn, poisoned, or another tenant's; it must not be served."""

    code = "invalid_artifact"
