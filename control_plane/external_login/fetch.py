"""Questions to the other provider over HTTP: JSON answers, within bounds, and no redirect is followed.

The address comes from the settings, or from the document that was read there, so networks of one's own are
fine. What cannot be had is a plain connection to anything but this machine.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import httpcore

from control_plane.bounded import AnswerTooLargeError, BoundedBackend, Deadline
from control_plane.external_login.errors import LoginProviderError
from recolake.loopback import is_secure_url

CONNECT_SECONDS = 5.0
MOST_BYTES = 512 << 10
"""Of an answer, its head included; sets of keys are the largest."""
# A provider that hangs must not take the threads that answer everybody else.
_AT_ONCE = threading.BoundedSemaphore(10)
_HTTP_REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and the JSON object that came with it."""

    status: int
    body: Mapping[str, Any]


def ask(
    name: str,
    url: str,
    deadline: Deadline,
    *,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
) -> Answer:
    """A GET, or the POST of a form.

    Args:
        name: what people call the provider.
        form: sent as `application/x-www-form-urlencoded`.

    Raises:
        LoginProviderError: no answer that could be read came in time.
    """
    if not is_secure_url(url):
        raise _failed(name, "names an address that is neither https nor on this machine")
    if not _AT_ONCE.acquire(blocking=False):
        raise _failed(name, "has too many questions open")
    try:
        return _ask(name, url, deadline, {"accept": "application/json"} | dict(headers or {}), form)
    finally:
        _AT_ONCE.release()


def _ask(
    name: str, url: str, deadline: Deadline, headers: dict[str, str], form: Mapping[str, str] | None
) -> Answer:
    content = urlencode(form).encode() if form is not None else None
    if content is not None:
        headers["content-type"] = "application/x-www-form-urlencoded"
    seconds = {"read": None, "write": None, "pool": None, "connect": CONNECT_SECONDS}
    try:
        with httpcore.ConnectionPool(
            ssl_context=_machine_trust(), network_backend=BoundedBackend(deadline, MOST_BYTES)
        ) as pool:
            method, extensions = "GET" if form is None else "POST", {"timeout": seconds}
            told = pool.request(
                method, url, headers=list(headers.items()), content=content, extensions=extensions
            )
    except AnswerTooLargeError as error:
        raise _failed(name, "answers with too much") from error
    except httpcore.TimeoutException as error:
        raise _failed(name, "did not answer in time") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ValueError) as error:
        raise _failed(name, "cannot be reached, or does not speak HTTP") from error
    if told.status in _HTTP_REDIRECTS:
        raise _failed(name, "sends the platform to another address, where it does not go")
    return Answer(told.status, _object(name, told.content))


def _object(name: str, content: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise _failed(name, "answers with something that is no JSON object")
    return body


def _failed(name: str, what: str) -> LoginProviderError:
    return LoginProviderError(
        f"{name} {what}.", hint="Try again later; whoever runs this platform looks at its log."
    )


@lru_cache(maxsize=1)
def _machine_trust() -> ssl.SSLContext:
    return ssl.create_default_context()
