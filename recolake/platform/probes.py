"""Questions to a service that are asked several times a second: cheap, short, on loopback, past any proxy."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from typing import Any

from recolake.platform.service import HOST

_SECONDS = 5.0


def accepts(port: int) -> bool:
    """Whether something accepts connections there."""
    with socket.create_connection((HOST, port), timeout=_SECONDS):
        return True


def says(port: int, question: bytes, answer: bytes) -> bool:
    """Whether what listens there answers these bytes with those."""
    with socket.create_connection((HOST, port), timeout=_SECONDS) as connection:
        connection.sendall(question)
        return connection.recv(len(answer)) == answer


def answers(port: int, path: str, secure: ssl.SSLContext | None = None) -> bool:
    """Whether a GET, over TLS where there is a context, is answered with 200."""
    return _get(port, path, secure)[0] == http.client.OK


def json_of(port: int, path: str) -> Any:
    """What a GET is answered with."""
    return json.loads(_get(port, path)[1])


def _get(port: int, path: str, secure: ssl.SSLContext | None = None) -> tuple[int, bytes]:
    connection = (
        http.client.HTTPSConnection(HOST, port, timeout=_SECONDS, context=secure)
        if secure
        else http.client.HTTPConnection(HOST, port, timeout=_SECONDS)
    )
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
