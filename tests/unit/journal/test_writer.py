"""What was committed is on the disk; those who wait together share one flush; a failed one fails them all."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recolake.journal.segments import sealed_segments, whole_lines
from recolake.journal.writer import SegmentWriter


def writer(
    folder: Path, sync: Callable[[int], None] = os.fdatasync, most_bytes: int = 1 << 20
) -> SegmentWriter:
    return SegmentWriter(folder, most_bytes=most_bytes, most_seconds=60, sync=sync)


def test_those_who_come_during_a_flush_share_the_next_one(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(handle: int) -> None:
        begun.set()
        assert go_on.wait(60)
        os.fdatasync(handle)

    segments = writer(tmp_path, slow)
    with ThreadPoolExecutor(9) as threads:
        first = threads.submit(lambda: segments.commit(segments.append(b"0\n")))
        assert begun.wait(60)
        # All are appended while the first flush is under way, so none of them is part of it.
        batches = [segments.append(f"{n}\n".encode()) for n in range(1, 9)]
        assert len(set(map(id, batches))) == 1
        others = [threads.submit(segments.commit, batch) for batch in batches]
        go_on.set()
        for done in (first, *others):
            done.result(60)
    assert segments.syncs == 2
    segments.close()
    (path,) = sealed_segments(tmp_path)
    assert whole_lines(path) == [b"%d" % n for n in range(9)]


def test_a_disk_that_refuses_fails_all_who_waited_and_the_next_line_begins_a_new_segment(
    tmp_path: Path,
) -> None:
    broken = [True]

    def sync(handle: int) -> None:
        if broken[0]:
            raise OSError(errno.EIO, "broken")
        os.fdatasync(handle)

    segments = writer(tmp_path, sync)
    batch = segments.append(b"lost\n")
    for _ in range(2):
        with pytest.raises(OSError, match="broken"):
            segments.commit(batch)
    broken[0] = False
    segments.commit(segments.append(b"kept\n"))
    segments.close()
    assert b"kept" in {line for path in sealed_segments(tmp_path) for line in whole_lines(path)}


def test_lines_of_many_threads_stay_whole_over_segments(tmp_path: Path) -> None:
    segments = writer(tmp_path, most_bytes=500)
    lines = [f"{n:04d}".encode() * 10 for n in range(200)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda line: segments.commit(segments.append(line + b"\n")), lines))
    segments.close()
    paths = sealed_segments(tmp_path)
    assert len(paths) > 1
    assert sorted(line for path in paths for line in whole_lines(path)) == lines
