"""JSON Lines as they lie: every line has a row or a reason, whatever state the file is in."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.jsonl import read_lines
from spark_jobs.parse import MALFORMED, TRUNCATED, RawFile, Record

HEADER = ("a", "b")


def read(folder: Path, content: bytes) -> list[Record]:
    path = folder / "a.jsonl"
    path.write_bytes(content)
    return list(read_lines(RawFile(path.name, str(path), "hash", HEADER)))


def test_members_become_texts_under_their_columns(tmp_path: Path) -> None:
    content = '{"b": 2.50, "a": "Köln", "c": 1}\r\n\n{"a": null}\n{"a": true, "b": {"x": ["ü"]}}'.encode()
    assert read(tmp_path, content) == [
        Record(1, ["Köln", "2.50"]),
        Record(3, ["", ""]),
        Record(4, ["true", '{"x": ["ü"]}']),
    ]


@pytest.mark.parametrize(
    "line", [b"{", b"[1]", b"7", b'"text"', b'{"a": "\xff"}', b'{"a": "\\u0000"}', b'{"a": "\\ud800"}', b"\0"]
)
def test_what_is_no_record_has_a_reason_and_its_neighbours_are_read(tmp_path: Path, line: bytes) -> None:
    first, broken, last = read(tmp_path, b'{"a": 1}\n' + line + b'\n{"a": 2}\n')
    assert (first, last) == (Record(1, ["1", ""]), Record(3, ["2", ""]))
    assert (broken.line, broken.problem, broken.cells) == (2, MALFORMED, ())
    assert broken.broken_text
    assert "\0" not in broken.broken_text


def test_a_line_without_end_is_one_malformed_record(tmp_path: Path) -> None:
    endless = b'{"a": "' + b"x" * (9 << 20) + b'"}'
    broken, last = read(tmp_path, endless + b'\n{"a": 2}\n')
    assert (broken.line, broken.problem) == (1, MALFORMED)
    assert last == Record(2, ["2", ""])


@given(st.lists(st.text(max_size=30), min_size=1, max_size=20), st.data())
def test_a_compressed_file_cut_anywhere_is_whole_lines_and_a_break(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], data: st.DataObject
) -> None:
    whole = "".join(json.dumps({"a": text}) + "\n" for text in texts).encode()
    packed = gzip.compress(whole, mtime=0)
    cut = data.draw(st.integers(3, len(packed) - 1))
    *before, last = read(tmp_path_factory.getbasetemp(), packed[:cut])
    sound = read(tmp_path_factory.getbasetemp(), whole)
    assert before == sound[: len(before)]
    assert (last.line, last.problem) == (len(before) + 1, TRUNCATED)
