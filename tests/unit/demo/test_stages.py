"""A stage's time and memory are those of the window in which it ran."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
from hypothesis import given
from hypothesis import strategies as st

from recolake.demo.report import STAGES
from recolake.demo.sampling import MemorySampler, platform_pids, tree_mib
from recolake.demo.stages import Timeline
from recolake.platform.processes import PidFile
from recolake.settings import Settings

spans = st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 1000)).map(sorted), min_size=1, max_size=5)


@given(spans)
def test_a_stage_in_pieces_counts_from_first_to_last(pieces: list[list[float]]) -> None:
    timeline = Timeline()
    for start, end in pieces:
        timeline.add("train", start, end)
    assert timeline.seconds("train") == max(p[1] for p in pieces) - min(p[0] for p in pieces)


def test_every_stage_is_reported_in_order_and_a_skipped_one_says_why(tmp_path: Path) -> None:
    timeline = Timeline()
    timeline.add("upload", 100.0, 101.5)
    timeline.skip("train", "no newer data")
    timeline.skip("train", "nothing new")
    with MemorySampler(Settings(home=tmp_path), every_seconds=0.01) as sampler:
        stages = timeline.report(sampler)
    assert tuple(s.name for s in stages) == STAGES
    found = {s.name: s for s in stages}
    assert (found["upload"].seconds, found["train"].seconds) == (1.5, 0.0)
    assert found["train"].note == "no newer data"
    assert all(s.peak_mib > 0 for s in stages)


def test_the_total_runs_from_the_first_upload_to_the_first_answer() -> None:
    timeline = Timeline()
    timeline.add("startup", 0.0, 50.0)
    timeline.add("upload", 60.0, 61.0)
    timeline.add("first_answer", 99.0, 100.0)
    assert timeline.between("upload", "first_answer") == 40.0


def test_memory_counts_the_children_of_the_platform_once(tmp_path: Path) -> None:
    child = "held = bytearray(64 << 20); print(1, flush=True); input()"
    parent = f"""
import subprocess, sys
held = bytearray(64 << 20)
subprocess.run([sys.executable, "-c", {child!r}])
"""
    process = subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        (tmp_path / "run").mkdir()
        PidFile(tmp_path / "run" / "spark.pid").write(psutil.Process(process.pid))
        (tmp_path / "run" / "torn.pid").write_text("")
        settings = Settings(home=tmp_path)
        assert platform_pids(settings) == {process.pid}
        once = tree_mib([process.pid])
        assert 128 <= once < 256
        assert abs(tree_mib([process.pid, process.pid]) - once) < 16
    finally:
        process.communicate(b"\n")


def test_a_process_that_is_gone_counts_for_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert tree_mib([process.pid]) == 0
