"""A second server beside the platform's API, of another application but started by the same module."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from benchmarks.waiting import until
from recolake.platform.ports import choose_port
from recolake.platform.processes import start, stop_tree, tail
from recolake.platform.service import HOST, base_environment
from recolake.settings import PROJECT_ROOT, Settings

_START_SECONDS, _STOP_SECONDS = 120.0, 20.0
_USUAL_PORT = 8_400


@contextmanager
def served(factory: str, settings: Settings, workers: int) -> Iterator[tuple[int, psutil.Process]]:
    """Port and process of an application while it answers `GET /health`.

    Args:
        factory: module:function that makes it.

    Raises:
        SystemExit: it does not come up; the message is the end of its log.
    """
    port = choose_port(settings, factory, _USUAL_PORT)
    log = settings.log_root / f"{factory.replace(':', '-')}.log"
    child = start(
        [sys.executable, "-m", "recolake.web.serve", factory, "--port", str(port), "--workers", str(workers)],
        environment=base_environment(settings) | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT_ROOT)},
        folder=settings.run_root,
        log=log,
    )
    try:
        _await(child, f"http://{HOST}:{port}/health", log)
        yield port, psutil.Process(child.pid)
    finally:
        stop_tree(psutil.Process(child.pid), _STOP_SECONDS)
        child.wait()


def _await(child: subprocess.Popen[bytes], url: str, log: Path) -> None:
    def answers() -> bool:
        if child.poll() is not None:
            raise SystemExit(failure())
        try:
            return httpx.get(url, timeout=5, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def failure() -> str:
        return f"The server beside the API did not start: {tail(log)}"

    until(answers, _START_SECONDS, failure)
