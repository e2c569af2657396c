"""A worker that dies while it is asked whether it lives ends the question, and gets a successor."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection

import pytest
import uvicorn
from uvicorn.supervisors.multiprocess import Process

from recolake.web.workers import Workers


def die_when_asked(asked: Connection) -> None:
    asked.recv()
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_dies_while_it_is_asked_is_replaced_without_waiting_for_its_answer(
    monkeypatch: pytest.MonkeyPatch, eventually: Callable[[Callable[[], object]], None]
) -> None:
    # It would take the signals of the tests' process.
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    # The successor has no application, and ends at once.
    config = uvicorn.Config("nowhere:app", workers=2, timeout_worker_healthcheck=3_600, log_level="critical")
    workers = Workers(config, [])
    dying = Process(config, [])
    dying.process = get_context("spawn").Process(target=die_when_asked, args=(dying.child_conn,))
    dying.start()
    workers.processes = [dying]
    threading.Thread(target=workers.keep_subprocess_alive, daemon=True).start()
    eventually(lambda: workers.processes[0] is not dying)
    assert dying.exitcode == -signal.SIGKILL
    workers.processes[0].join()
