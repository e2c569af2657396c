"""Every record of a raw file comes out once, with its line, whatever state the file is in."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recolake.contracts.csv_text import CsvFormat
from spark_jobs.parse import RawFile, Record, read_records

HEADER = ("a", "b", "c")
CELL = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from(["\n", '"', ","]), max_size=6)


def records(path: Path, content: bytes) -> list[Record]:
    path.write_bytes(content)
    return list(read_records(RawFile(path.name, str(path), "0" * 64, HEADER), CsvFormat()))


def as_csv(rows: list[tuple[str, ...]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows)
    return out.getvalue().encode()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.tuples(CELL, CELL, CELL), max_size=12))
def test_what_a_csv_writer_wrote_is_read_back(tmp_path: Path, rows: list[tuple[str, ...]]) -> None:
    found = records(tmp_path / "a.csv", as_csv(rows))
    assert [tuple(r.cells) for r in found] == rows
    assert all(r.problem is None for r in found)


def test_a_record_is_named_by_the_line_on_which_it_begins(tmp_path: Path) -> None:
    found = records(tmp_path / "a.csv", b'a,b,c\n1,"two\nlines",3\n4,5,6\n')
    assert [(r.line, tuple(r.cells)) for r in found] == [(2, ("1", "two\nlines", "3")), (4, ("4", "5", "6"))]


def test_a_byte_order_mark_is_not_part_of_the_header_or_a_row(tmp_path: Path) -> None:
    found = records(tmp_path / "a.csv", b"\xef\xbb\xbfa,b,c\n1,2,3\n")
    assert [tuple(r.cells) for r in found] == [("1", "2", "3")]


def test_broken_records_are_reported_and_cost_no_other(tmp_path: Path) -> None:
    content = b"a,b,c\n1,2,3\ntoo,few\n4,5,6\none,too,many,cells\n7,\xff,9\nx,\0,z\n10,11,12\n"
    found = records(tmp_path / "a.csv", content)
    assert [r.line for r in found if r.problem] == [3, 5, 6, 7]
    assert [tuple(r.cells) for r in found if not r.problem] == [
        ("1", "2", "3"),
        ("4", "5", "6"),
        ("10", "11", "12"),
    ]


def test_a_stray_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    rows = b"".join(b"%d,x,y\n" % i for i in range(50))
    found = records(tmp_path / "a.csv", b'a,b,c\n1,"stray,3\n' + rows)
    assert [r.line for r in found if r.problem] == [2]
    assert sum(not r.problem for r in found) == 50


def test_a_gzip_file_cut_anywhere_keeps_its_rows_and_says_where_it_breaks(tmp_path: Path) -> None:
    rows = [(str(i), "value" * (i % 7), "end") for i in range(400)]
    packed = gzip.compress(as_csv(rows), mtime=0)
    for cut in range(40, len(packed) - 1, 97):
        found = records(tmp_path / "a.csv.gz", packed[:cut])
        *whole, last = found
        assert last.problem is not None
        assert [tuple(r.cells) for r in whole] == rows[: len(whole)]
        assert all(r.problem is None for r in whole)
