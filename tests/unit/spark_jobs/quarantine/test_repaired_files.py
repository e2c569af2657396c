"""What is exported and sent again says the same, runs in no spreadsheet, and stands where it says."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recolake.contracts.csv_text import CsvFormat
from spark_jobs.parse import RawFile, read_records
from spark_jobs.quarantine.cells import escape, unescape
from spark_jobs.quarantine.replay import read_repaired, rewrite
from spark_jobs.quarantine.rows import QuarantineError

FORM = CsvFormat()
HEADER = ("person", "thing", "_reason", "_file", "_line", "_record")
CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("=+-@'\t\n,\"0"), max_size=12)


@given(CELL)
def test_a_cell_comes_back_as_it_was_and_runs_nowhere(cell: str) -> None:
    shown = escape(cell)
    assert unescape(shown) == cell
    if shown[:1] in ("=", "+", "-", "@", "\t", "\r"):
        float(shown)


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5))
def test_each_repaired_row_stands_on_the_line_that_is_written_down(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    cells = [[*row, "missing_item", "a.csv", str(n + 2), ""] for n, row in enumerate(rows)]
    text, lines = rewrite(HEADER, cells, FORM)
    path = tmp_path_factory.mktemp("r") / "rows.csv"
    path.write_text(text, newline="")
    records = {r.line: r for r in read_records(RawFile("rows.csv", str(path), "", HEADER[:2]), FORM)}
    assert lines.keys() == {("a.csv", n + 2) for n in range(len(rows))}
    for n, row in enumerate(rows):
        record = records[lines["a.csv", n + 2]]
        assert tuple(record.cells) == row


def write(path: Path, *rows: list[str], header: tuple[str, ...] = HEADER) -> Path:
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([header, *rows])
    return path


def test_a_file_that_does_not_say_where_its_rows_are_from_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", ["u", "i"], header=HEADER[:2])
    with pytest.raises(QuarantineError, match="_file and no _line"):
        read_repaired(file, FORM)


def test_a_row_that_is_still_malformed_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", ["u", "i", "missing_item", "a.csv", "2", ""], ["u", "i"])
    with pytest.raises(QuarantineError, match="Line 3 of"):
        read_repaired(file, FORM)


@pytest.mark.parametrize("line", ["", "two", "2.5"])
def test_a_line_that_is_no_number_is_refused(line: str) -> None:
    with pytest.raises(QuarantineError, match="is no line"):
        rewrite(HEADER, [["u", "i", "", "a.csv", line, ""]], FORM)


def test_one_row_cannot_be_repaired_twice_in_one_file() -> None:
    row = ["u", "i", "", "a.csv", "2", ""]
    with pytest.raises(QuarantineError, match="Two rows stand for line 2"):
        rewrite(HEADER, [row, row], FORM)
