"""One call from request to answer, apart from waiting and the network; both kinds of client use it."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

import httpx

from recolake_client.calls import Call
from recolake_client.errors import ApiError, NoAnswerError, UnreadableAnswerError, error_of
from recolake_client.retries import Retries, passes, seconds_of

T = TypeVar("T")
VERSION = "0.1.0"
TIMEOUT = httpx.Timeout(10.0, connect=5.0)
_KEY_PREFIX = "rk_"
_GOOD = range(200, 300)
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
# Nothing left this machine: sending again is safe, whatever the request.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def headers_of(credential: str | None) -> dict[str, str]:
    """What every request carries."""
    common = {"User-Agent": f"recolake-client-python/{VERSION}"}
    return common if credential is None else common | {"Authorization": f"Bearer {credential}"}


def keeps_keys(credential: str | None) -> bool:
    """Whether the API keeps answers for a retry: it does for API keys, not for people's tokens."""
    return credential is not None and credential.startswith(_KEY_PREFIX)


@dataclass
class Exchange(Generic[T]):
    """The tries of one call. `request` is the same each time, its `Idempotency-Key` too."""

    call: Call[T]
    retries: Retries
    with_keys: bool
    idempotency_key: str | None = None
    attempt: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        keyed = self.call.keyed and self.with_keys
        if self.idempotency_key is None and keyed and self.retries.attempts > 1:
            self.idempotency_key = str(uuid.uuid4())
        self._safe = self.call.method in _IDEMPOTENT or (keyed and self.idempotency_key is not None)

    def request(self) -> dict[str, Any]:
        """Arguments of httpx for the next try."""
        self.attempt += 1
        made: dict[str, Any] = {"method": self.call.method, "url": self.call.path, "headers": {}}
        if self.call.query is not None:
            made["params"] = {name: value for name, value in self.call.query.items() if value is not None}
        if self.call.body is not None:
            made["content"] = encoded(self.call.body)
            made["headers"]["Content-Type"] = "application/json"
        if self.call.form is not None:
            made["data"] = self.call.form
        if self.idempotency_key is not None:
            made["headers"]["Idempotency-Key"] = self.idempotency_key
        return made

    def answer(self, response: httpx.Response) -> tuple[T | None, float | None]:
        """What came back, and None; or None and the seconds before the next try. Otherwise an error."""
        if response.status_code in _GOOD:
            return self._content(response), None
        error = refusal(response)
        if passes(error.status, error.code, self._safe):
            wait = self.retries.wait(self.attempt, error.retry_after)
            if wait is not None:
                return None, wait
        raise error

    def failed(self, error: httpx.TransportError) -> float:
        """Seconds before the next try after no answer came; NoAnswerError where there is none."""
        again = self._safe or isinstance(error, _NOT_SENT)
        hopeless = isinstance(error, httpx.UnsupportedProtocol)
        wait = self.retries.wait(self.attempt) if again and not hopeless else None
        if wait is None:
            reason = str(error) or type(error).__name__
            tries = "1 try" if self.attempt == 1 else f"{self.attempt} tries"
            raise NoAnswerError(f"{self.call.method} {self.call.path}: {reason} ({tries})") from error
        return wait

    def _content(self, response: httpx.Response) -> T:
        if self.call.raw:
            return cast(T, response.content)
        if not response.content:
            return cast(T, None)
        try:
            return cast(T, response.json())
        except ValueError:
            raise UnreadableAnswerError(f"{response.url} answered with what is not JSON.") from None


def encoded(body: object) -> bytes:
    """JSON as the API reads it: no NaN."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def refusal(response: httpx.Response) -> ApiError:
    """The error that an answer tells of."""
    try:
        members = response.json()
    except ValueError:
        members = None
    if not isinstance(members, dict):
        members = {"detail": response.text[:200] or response.reason_phrase}
    wait = seconds_of(response.headers.get("Retry-After"), dt.datetime.now(dt.UTC))
    return error_of(response.status_code, members, wait)
