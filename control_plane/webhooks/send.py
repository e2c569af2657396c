"""One delivery over HTTP: a POST, signed as Standard Webhooks has it; redirects are not followed."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import httpcore
from standardwebhooks.webhooks import Webhook

from control_plane.bounded import AnswerTooLargeError, Deadline
from control_plane.webhooks.address import Resolve, check_url, resolve
from control_plane.webhooks.connection import CONNECT_SECONDS, MOST_SECONDS, CheckedBackend
from control_plane.webhooks.errors import WebhookAddressError
from recolake.audit.entry import moment
from recolake.tenancy.signatures import canonical


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent, the same bytes at every attempt."""

    event_id: str
    type: str
    at: datetime
    data: Mapping[str, Any]

    def content(self) -> str:
        """`{"data": …, "timestamp": …, "type": …}`."""
        plain = {"type": self.type, "timestamp": moment(self.at), "data": dict(self.data)}
        return canonical(plain).decode()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: a status, or the reason why there is none."""

    status: int | None
    error: str | None = None

    @property
    def delivered(self) -> bool:
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def gone(self) -> bool:
        """The receiver says for good that it wants no more."""
        return self.status == HTTPStatus.GONE


def headers(message: Message, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """Headers of the specification, signed by every secret that is valid now.

    Args:
        secrets: `whsec_…`, the newest first.
        now: UTC; the receiver refuses what is older than five minutes.
    """
    content = message.content()
    signatures = [Webhook(secret).sign(message.event_id, now, content) for secret in secrets]
    return {
        "content-type": "application/json",
        "user-agent": "Recolake-Webhooks/1",
        "webhook-id": message.event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def send(
    url: str,
    message: Message,
    secrets: Sequence[str],
    now: datetime,
    *,
    loopback: bool = False,
    lookup: Resolve = resolve,
    trust: ssl.SSLContext | None = None,
    seconds: float = MOST_SECONDS,
) -> Answer:
    """Deliver once; whatever goes wrong is part of the answer.

    Args:
        loopback: whether it may go to this machine, and by http.
        trust: whose certificates are good; default: the machine's.
        seconds: for all of it.
    """
    context = trust or _machine_trust()
    deadline = Deadline(seconds)
    timeouts = {"connect": CONNECT_SECONDS, "read": seconds, "write": seconds, "pool": seconds}
    try:
        http = check_url(url, loopback=loopback).scheme == "http"
        backend = CheckedBackend(http=http, loopback=loopback, deadline=deadline, lookup=lookup)
        with (
            httpcore.ConnectionPool(ssl_context=context, network_backend=backend, retries=0) as pool,
            pool.stream(
                "POST",
                url,
                headers=list(headers(message, secrets, now).items()),
                content=message.content().encode(),
                extensions={"timeout": timeouts},
            ) as response,
        ):
            for _ in response.iter_stream():
                pass
            return Answer(response.status)
    except WebhookAddressError as error:
        return Answer(None, error.message)
    except AnswerTooLargeError:
        return Answer(None, "The answer is too long.")
    except httpcore.TimeoutException:
        return Answer(None, "The receiver did not answer in time.")
    except httpcore.ConnectError as error:
        return Answer(None, _why(error))
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ValueError) as error:
        return Answer(None, f"The connection broke: {type(error).__name__}.")


@lru_cache(maxsize=1)
def _machine_trust() -> ssl.SSLContext:
    """Reading the machine's certificates takes longer than a delivery."""
    return ssl.create_default_context()


def _why(error: Exception) -> str:
    if isinstance(error.__context__, ssl.SSLError) or "CERTIFICATE" in str(error).upper():
        return "The receiver's certificate is not valid for this host."
    return "No connection came about."
