"""Serve one of the two APIs: `python -m recolake.web.serve FACTORY --port PORT [--workers N]`.

Plain HTTP, or TLS 1.3 where the settings name a certificate; with it there is no plain HTTP.

SIGHUP replaces two workers and more one after the other, without a request lost.
"""

from __future__ import annotations

import argparse
import contextlib
import ssl
import sys
from collections.abc import Callable

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from recolake.errors import RecolakeError
from recolake.settings import load_settings
from recolake.web.draining import DrainingProtocol
from recolake.web.tls import HSTS, Renewal, server_context
from recolake.web.workers import Workers

# More than an idle connection lives, so that none is cut.
_STOP_SECONDS = 10
# How long a worker may take to start, or to say that it lives: as long as the platform waits for a service.
# After uvicorn's 5 seconds a busy machine would give a restart up, and end workers that only just begin.
_WORKER_SECONDS = 120


def context_of_worker(_: uvicorn.Config, __: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """A worker's own context, which follows the files."""
    settings = load_settings()
    context = server_context(settings)
    Renewal(settings, context).follow()
    return context


def main() -> None:
    """Serve until SIGTERM."""
    asked = argparse.ArgumentParser(prog="recolake.web.serve")
    asked.add_argument("factory", help="module:function that makes the application")
    asked.add_argument("--host", default="127.0.0.1")
    asked.add_argument("--port", type=int, required=True)
    asked.add_argument("--workers", type=int, default=1)
    given = asked.parse_args()
    try:
        secure = load_settings().tls_certificate is not None
        if secure:
            # Before any worker is there: what is wrong is told once, and in words.
            server_context(load_settings())
    except RecolakeError as error:
        sys.exit(f"{error.message} {error.hint}")
    config = uvicorn.Config(
        given.factory,
        factory=True,
        host=given.host,
        port=given.port,
        workers=given.workers,
        access_log=False,
        server_header=False,
        http=DrainingProtocol,
        timeout_graceful_shutdown=_STOP_SECONDS,
        timeout_worker_healthcheck=_WORKER_SECONDS,
        ssl_context_factory=context_of_worker if secure else None,
        headers=[HSTS] if secure else None,
    )
    with contextlib.suppress(KeyboardInterrupt):
        if given.workers > 1:
            Workers(config, [config.bind_socket()]).run()
            return
        server = uvicorn.Server(config)
        server.run()
        if not server.started:
            sys.exit(STARTUP_FAILURE)


if __name__ == "__main__":
    main()
