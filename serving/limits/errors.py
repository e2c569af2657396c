"""Refusals of limits."""

from __future__ import annotations

from recolake.errors import InvalidInputError, RecolakeError


class RateLimitedError(RecolakeError):
    """Too much at once; it goes on after `retry_after` seconds."""

    code = "rate_limited"
    status = 429

    def __init__(self, whose: str, retry_after: float) -> None:
        super().__init__(
            f"The rate limit of this {whose} is reached.",
            hint="Wait for as long as Retry-After says; the headers RateLimit tell what remains.",
        )
        self.retry_after = retry_after


class BeyondBurstError(InvalidInputError):
    """So many at once are never admitted, however long one waits."""

    code = "beyond_rate_limit"

    def __init__(self, units: int, burst: int) -> None:
        super().__init__(
            f"This request counts {units:,}, and the plan admits at most {burst:,} at once.",
            hint=f"Send lists of at most {burst:,} entries.",
        )
