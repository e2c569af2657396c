"""Refusals that both applications and the training share."""

from __future__ import annotations

from recolake.errors import RecolakeError


class QuotaExceededError(RecolakeError):
    """The month's quota is used up; a larger plan, or the next month, goes on.

    `retry_after` is the seconds until the month ends.
    """

    code = "quota_exceeded"
    status = 429

    def __init__(self, kind: str, retry_after: float) -> None:
        super().__init__(
            f"The plan's {kind} of this month are used up.",
            hint="`GET /v1/usage/limits` tells what is used; a larger plan goes on at once.",
        )
        self.retry_after = retry_after
