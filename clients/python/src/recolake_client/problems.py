"""Errors of this library, by the kind of answer; `errors` has one for each code of the API below these."""

from __future__ import annotations

from typing import Any


class RecolakeClientError(Exception):
    """Base of every error that this library raises."""


class NoAnswerError(RecolakeClientError):
    """No answer came, after all tries: the API is away, or too slow. What was sent may have arrived."""


class UnreadableAnswerError(RecolakeClientError):
    """Something answered that is not the API: perhaps a proxy, or another address than it should be."""


class ApiError(RecolakeClientError):
    """The API refused, in a problem document (RFC 9457).

    `status`, `code` (stable across releases), `detail` (a sentence), `field` (the offending one, or None),
    `hint` (what to do, or None), `request_id` (under which the API logged it), `retry_after` (seconds, or
    None), `members` (the whole document).
    """

    code: str = "http_error"

    def __init__(self, status: int, members: dict[str, Any], retry_after: float | None) -> None:
        self.status = status
        self.members = members
        self.retry_after = retry_after
        self.code = str(members.get("code", self.code))
        self.detail = str(members.get("detail", ""))
        self.field: str | None = members.get("field")
        self.hint: str | None = members.get("hint")
        self.request_id: str | None = members.get("request_id")
        super().__init__(f"{status} {self.code}: {self.detail}" + (f" {self.hint}" if self.hint else ""))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.status, self.members, self.retry_after)


class AuthenticationError(ApiError):
    """401: no key or token, or one that is not valid."""


class PermissionDeniedError(ApiError):
    """403: the key lacks a scope, or the person a permission."""


class MissingError(ApiError):
    """404: no such thing, or not yours to see."""


class ConflictError(ApiError):
    """409: it does not fit what is there already."""


class GoneError(ApiError):
    """410: it was there once."""


class UnusableInputError(ApiError):
    """413, 415, 422: what was sent cannot be used as it is. `field` says which part."""


class LimitError(ApiError):
    """429: a limit or a quota. `retry_after` says when there is room again."""


class ServerError(ApiError):
    """5xx: not your fault. Tell the operator the `request_id`."""


class UnavailableError(ServerError):
    """503: something that the answer needs is away."""


_BY_STATUS: dict[int, type[ApiError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: MissingError,
    409: ConflictError,
    410: GoneError,
    413: UnusableInputError,
    415: UnusableInputError,
    422: UnusableInputError,
    429: LimitError,
    503: UnavailableError,
}
_SERVERS_FAULT = 500


def by_status(status: int) -> type[ApiError]:
    """The error of a status, for codes that this version does not know yet."""
    return _BY_STATUS.get(status, ServerError if status >= _SERVERS_FAULT else ApiError)
