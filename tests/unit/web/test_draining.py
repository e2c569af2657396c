"""A server that stops answers what is on its way, and says that this was the last answer."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from fastapi import FastAPI

from recolake.web.draining import DrainingProtocol

Eventually = Callable[[Callable[[], object]], None]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def server(eventually: Eventually) -> Iterator[uvicorn.Server]:
    """One that listens, and answers 404 to everybody."""
    made = uvicorn.Server(uvicorn.Config(FastAPI(), port=0, log_level="error", http=DrainingProtocol))
    thread = threading.Thread(target=made.run)
    thread.start()
    eventually(lambda: made.started)
    yield made
    made.should_exit = True
    thread.join()


@pytest.mark.parametrize("asked_before", [0, 1])
def test_an_idle_connection_gets_one_more_answer_that_says_it_was_the_last(
    server: uvicorn.Server, asked_before: int, eventually: Eventually
) -> None:
    port = server.servers[0].sockets[0].getsockname()[1]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.connect()
    eventually(lambda: len(server.server_state.connections) == 1)

    def ask() -> http.client.HTTPResponse:
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        return answer

    for _ in range(asked_before):
        assert ask().getheader("connection") is None
    server.should_exit = True
    eventually(lambda: not listens(port))
    last = ask()
    assert (last.status, last.getheader("connection")) == (404, "close")
    eventually(lambda: not server.server_state.connections)


def test_a_connection_that_stays_idle_is_closed_when_its_time_is_over(
    server: uvicorn.Server, eventually: Eventually
) -> None:
    port = server.servers[0].sockets[0].getsockname()[1]
    server.config.timeout_keep_alive = 1
    with socket.create_connection(("127.0.0.1", port), timeout=30) as idle:
        eventually(lambda: len(server.server_state.connections) == 1)
        server.should_exit = True
        assert idle.recv(1) == b""
