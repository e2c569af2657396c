"""How far the stream has come is what its checkpoint says of batches that are done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recolake.kafka.position import Lag, done_offsets, forget_unfinished


def begun(folder: Path, batch: int, offsets: dict[str, dict[str, int]], *, done: bool) -> None:
    for name in ("offsets", "commits"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "offsets" / str(batch)).write_text(
        f'v1\n{{"batchWatermarkMs":0,"conf":{{}}}}\n{json.dumps(offsets)}'
    )
    if done:
        (folder / "commits" / str(batch)).write_text('v1\n{"nextBatchWatermarkMs":0}')
        (folder / "commits" / f".{batch}.crc").write_bytes(b"crc")


def test_a_batch_that_was_begun_is_not_done(tmp_path: Path) -> None:
    assert done_offsets(tmp_path) == {}
    begun(tmp_path, 9, {"recolake.events": {"0": 5, "1": 2}}, done=True)
    begun(tmp_path, 10, {"recolake.events": {"0": 8, "1": 2}, "recolake.items": {"0": 1}}, done=True)
    begun(tmp_path, 11, {"recolake.events": {"0": 99, "1": 9}, "recolake.items": {"0": 1}}, done=False)
    assert done_offsets(tmp_path) == {
        ("recolake.events", 0): 8,
        ("recolake.events", 1): 2,
        ("recolake.items", 0): 1,
    }


def test_the_stream_begins_behind_the_last_batch_that_is_done(tmp_path: Path) -> None:
    forget_unfinished(tmp_path)
    for batch in (9, 10):
        begun(tmp_path, batch, {"recolake.events": {"0": batch}}, done=True)
    before = done_offsets(tmp_path)
    begun(tmp_path, 11, {"recolake.events": {"0": 11}}, done=False)
    for _ in range(2):
        forget_unfinished(tmp_path)
        assert done_offsets(tmp_path) == before
        assert {path.name for path in (tmp_path / "offsets").iterdir()} == {"9", "10"}
    (tmp_path / "offsets" / "10").unlink()
    forget_unfinished(tmp_path)
    assert {path.name for path in (tmp_path / "commits").iterdir()} == {"9", ".9.crc"}


@pytest.mark.parametrize(
    ("done", "first", "end", "behind", "lost"),
    [(0, 0, 7, 7, 0), (5, 0, 7, 2, 0), (7, 2, 7, 0, 0), (3, 5, 7, 2, 2), (9, 0, 7, 0, 0)],
)
def test_what_kafka_dropped_does_not_wait(done: int, first: int, end: int, behind: int, lost: int) -> None:
    lag = Lag("recolake.events", 0, done, first, end)
    assert (lag.behind, lag.lost) == (behind, lost)
