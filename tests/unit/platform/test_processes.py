"""Only a process that is really ours is ever found, measured or ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recolake.platform.processes import MARKER, PidFile, marked, memory_of, start, stop_tree, tail, trim_log

_FAMILY = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
print(child.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def family() -> Iterator[tuple[psutil.Process, psutil.Process]]:
    """A process and a child of it that went into a session of its own."""
    parent = subprocess.Popen(
        [sys.executable, "-c", _FAMILY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    yield psutil.Process(parent.pid), child
    parent.kill()
    parent.communicate()
    if child.is_running():
        child.kill()


def test_a_pid_file_finds_the_process_it_was_written_for(tmp_path: Path) -> None:
    file = PidFile(tmp_path / "x.pid")
    file.write(psutil.Process())
    found = file.process()
    assert found is not None
    assert found.pid == os.getpid()


def test_a_reused_pid_is_not_ours(tmp_path: Path) -> None:
    path = tmp_path / "x.pid"
    path.write_text(json.dumps({"pid": os.getpid(), "started": psutil.Process().create_time() - 3600}))
    assert PidFile(path).process() is None


def test_a_process_that_ended_but_was_not_collected_is_not_alive(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    file = PidFile(tmp_path / "x.pid")
    file.write(psutil.Process(child.pid))
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert file.process() is None
    child.communicate()


@given(st.binary(max_size=40))
def test_a_torn_pid_file_names_nobody(content: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        assert PidFile(Path(file.name)).process() is None


def test_a_missing_pid_file_names_nobody(tmp_path: Path) -> None:
    assert PidFile(tmp_path / "none.pid").process() is None


def test_stopping_a_process_ends_also_what_left_its_session(
    family: tuple[psutil.Process, psutil.Process],
) -> None:
    parent, child = family
    stop_tree(parent, patience=5)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_memory_counts_the_children_too(family: tuple[psutil.Process, psutil.Process]) -> None:
    parent, child = family
    assert memory_of(parent) > memory_of(child) > 0


def test_a_started_process_is_found_by_its_mark_alone(tmp_path: Path) -> None:
    child = start(
        [sys.executable, "-c", "import time; time.sleep(60)"],
        environment={MARKER: str(tmp_path)},
        folder=tmp_path,
        log=tmp_path / "x.log",
    )
    try:
        assert child.pid in [process.pid for process in marked(tmp_path)]
        assert marked(tmp_path / "other") == []
    finally:
        child.kill()
        child.wait()


def test_a_log_that_outgrew_its_limit_keeps_its_end_while_its_writer_writes_on(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    with log.open("ab") as writer:
        writer.write(b"old line\n" * 3_000_000)
        writer.flush()
        trim_log(log)
        writer.write(b"new line\n")
    assert log.stat().st_size < 2 << 20
    assert tail(log, 2) == "old line\nnew line"
