"""What is sent back: data, errors with our stable codes, and what the query cost."""

from __future__ import annotations

from typing import Any

import structlog
from graphql import GraphQLError
from strawberry.types.execution import ExecutionResult

from recolake.errors import RecolakeError

_log = structlog.get_logger(__name__)


def answer_of(result: ExecutionResult, request_id: str) -> dict[str, Any]:
    """The body of an answer (GraphQL, October 2021, section 7.1)."""
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [_told(error, request_id) for error in result.errors]
    return body | ({"extensions": result.extensions} if result.extensions else {})


def _told(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """An error with its code; of what nobody foresaw, the log alone has more than the request's id."""
    told: dict[str, Any] = {"message": error.message}
    if error.locations:
        told["locations"] = [place.formatted for place in error.locations]
    if error.path:
        told["path"] = error.path
    cause = error.original_error
    about: dict[str, Any] = {"code": "invalid_query", "request_id": request_id}
    if isinstance(cause, RecolakeError):
        told["message"] = cause.message
        more = {"field": cause.field, "hint": cause.hint, "retry_after": cause.retry_after, **cause.members}
        about |= {"code": cause.code, "status": cause.status} | {k: v for k, v in more.items() if v}
    elif cause is not None and not isinstance(cause, GraphQLError):
        _log.error("query_crashed", request_id=request_id, exc_info=cause)
        told["message"] = "Something went wrong here. Tell us the request id."
        about["code"] = "internal_error"
    return told | {"extensions": about}
