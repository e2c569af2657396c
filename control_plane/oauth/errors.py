"""Errors as OAuth names them (RFC 6749, sections 4.1.2.1 and 5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recolake.errors import RecolakeError


class OAuthError(RecolakeError):
    """A request that this provider turns down; told to the client by OAuth's own words too.

    Args:
        error: the word.
    """

    code = "oauth_error"
    status = 400

    def __init__(self, error: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.error = error

    @property
    def members(self) -> Mapping[str, Any]:
        return {"error": self.error, "error_description": self.message}


class UntrustedClientError(RecolakeError):
    """Nobody knows the client, or where it wants the code; so nothing is sent there."""

    code = "untrusted_client"
    status = 400
