"""Every error that this library raises: by code (`RateLimitedError`), by status (`LimitError`), or any."""

from recolake_client.generated.errors import *  # noqa: F403
from recolake_client.generated.errors import BY_CODE
from recolake_client.generated.errors import __all__ as _codes
from recolake_client.problems import (
    ApiError,
    AuthenticationError,
    ConflictError,
    GoneError,
    LimitError,
    MissingError,
    NoAnswerError,
    PermissionDeniedError,
    RecolakeClientError,
    ServerError,
    UnavailableError,
    UnreadableAnswerError,
    UnusableInputError,
    by_status,
)

__all__ = [
    *_codes,
    "ApiError",
    "ConflictError",
    "GoneError",
    "NoAnswerError",
    "UnusableInputError",
    "PermissionDeniedError",
    "AuthenticationError",
    "UnavailableError",
    "MissingError",
    "RecolakeClientError",
    "ServerError",
    "LimitError",
    "UnreadableAnswerError",
    "error_of",
]


def error_of(status: int, members: dict[str, object], retry_after: float | None) -> ApiError:
    """The error that a problem document tells of: its code's, or its status's where the code is new."""
    kind = BY_CODE.get(str(members.get("code")), by_status(status))
    return kind(status, members, retry_after)
