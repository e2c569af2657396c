"""What any route of the control plane may be refused with; what else it may answer with, each declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_WRITING = ("post", "put", "patch", "delete")


def usual_problems(method: str, path: str, operation: dict[str, Any]) -> Iterator[int]:
    """Statuses of the problems that come from what an operation is, and not from what it does.

    404 is for what is named and is not there, or is not the caller's; 409 for an `Idempotency-Key` that came
    before with another body; 503 while PostgreSQL is away; 507 where the disk is full.
    """
    if path in {"/health", "/.well-known/oauth-authorization-server"}:
        return
    yield 503
    if operation.get("security"):
        yield from (401, 403)
    if operation.get("requestBody"):
        yield 422
    if "{" in path:
        yield 404
    if path.startswith("/v1/") and method == "post":
        yield from (409, 422)
    if method in _WRITING:
        yield 507
