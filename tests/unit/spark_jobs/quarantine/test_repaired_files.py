"""What is exported and sent again says the same, runs in no spreadsheet, and stands where it says."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recolake.contracts.csv_text import CsvFormat
from recolake.contracts.mapping import parse_mapping
from recolake.landing.gather import RawInput
from recolake.landing.inspect import read_columns
from spark_jobs.parse import RawFile, read_records
from spark_jobs.quarantine.cells import escape, unescape
from spark_jobs.quarantine.replay import read_repaired, rewrite, write_back
from spark_jobs.quarantine.rows import QuarantineError
from spark_jobs.readers import reader_of

FORM = CsvFormat()
HEADER = ("person", "thing", "_reason", "_file", "_line", "_record")
CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("=+-@'\t\n,\"0"), max_size=12)


@pytest.mark.control(14)
@pytest.mark.parametrize("begins", list("=+-@\t\r\n＝＋－＠"))
def test_a_formula_is_text_in_whatever_width_it_begins(begins: str) -> None:
    formula = f"{begins}HYPERLINK(A1)"
    assert escape(formula) == f"'{formula}"
    assert unescape(escape(formula)) == formula


@pytest.mark.control(14)
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


RULES = """version: 1
format: {}
columns: [person.id, thing]
event: {{user: "`person.id`", item: thing, type: "'view'", time: "'2024-01-01'"}}
"""


@pytest.mark.parametrize(
    "form", ["jsonl", "parquet", "{csv: {header: false}}", "{tsv: {quote: none, header: false}}", "tsv"]
)
def test_repaired_rows_go_back_in_the_format_they_came_in(tmp_path: Path, form: str) -> None:
    mapping = parse_mapping(RULES.format(form), "m.yaml")
    header = ("thing", "_file", "_line", "person.id", "_reason", "_record")
    rows = [["i", "a", "7", "u, 1", "", ""], ["", "a", "3", "u", "", ""]]
    file = tmp_path / "back"
    lines = write_back(file, header, rows, mapping)
    columns = read_columns(RawInput(file, file.name), mapping)
    records = {r.line: r for r in reader_of(mapping.format)(RawFile("back", str(file), "", columns))}
    assert len(records) == 2
    for place, cells in (
        (("a", 7), {"person.id": "u, 1", "thing": "i"}),
        (("a", 3), {"person.id": "u", "thing": ""}),
    ):
        record = records[lines[place]]
        assert record.problem is None
        assert dict(zip(columns, record.cells, strict=True)) == cells


def test_a_cell_that_a_format_without_quotes_cannot_hold_is_refused(tmp_path: Path) -> None:
    mapping = parse_mapping(RULES.format("{tsv: {quote: none}}"), "m.yaml")
    header = ("person.id", "thing", "_file", "_line")
    with pytest.raises(QuarantineError, match="has no quotes"):
        write_back(tmp_path / "back", header, [["u\t1", "i", "a", "7"]], mapping)
