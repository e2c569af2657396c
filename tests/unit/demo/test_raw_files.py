"""What the demo reads of raw files stands under the columns where ingestion finds it."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from recolake.contracts.csv_text import CsvFormat
from recolake.demo.raw_files import count_cells
from spark_jobs.parse import RawFile, read_records

FORM = CsvFormat()
COLUMNS = ("id", "ID", "user")
cell = st.text(alphabet='ab1 ,"\n\r', max_size=4)
files = st.lists(
    st.tuples(st.permutations([*COLUMNS, "note"]), st.lists(st.tuples(cell, cell, cell, cell), max_size=5)),
    max_size=3,
)


def written(folder: Path, name: str, header: list[str], rows: list[tuple[str, ...]]) -> Path:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, *rows])
    path = folder / name
    path.write_bytes(out.getvalue().encode())
    return path


@given(files)
def test_every_file_is_read_by_its_own_header_as_ingestion_reads_it(
    given_files: list[tuple[list[str], list[tuple[str, ...]]]],
) -> None:
    with TemporaryDirectory() as folder:
        paths, expected = [], Counter[tuple[str | None, ...]]()
        for number, (header, rows) in enumerate(given_files):
            path = written(Path(folder), f"{number}.csv", header, rows)
            paths.append(path)
            for record in read_records(RawFile(path.name, str(path), "", tuple(header)), FORM):
                if not record.problem:
                    expected[tuple(record.cells[header.index(c)] or None for c in COLUMNS)] += 1
        assert count_cells(paths, FORM, COLUMNS, most_rows=1_000) == expected


def test_broken_records_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_bytes(b'user,item\n1,a\n\n2\n3,b,c\n4,"d\n5,\xff\n"x"y,1\n')
    packed = tmp_path / "day.csv.gz"
    content = gzip.compress(b"user,item\n" + b"".join(b"%d,item\n" % n for n in range(20_000)))
    packed.write_bytes(content[: len(content) // 2])
    assert count_cells([path], FORM, ["user"], most_rows=10) == Counter({("1",): 1})
    read = count_cells([packed], FORM, ["user"], most_rows=20_000)
    assert list(read) == [(str(n),) for n in range(len(read))]
    assert 0 < len(read) < 20_000


def test_no_more_rows_are_read_than_asked_for(tmp_path: Path) -> None:
    one = written(tmp_path, "1.csv", ["user"], [("a",)] * 5)
    other = written(tmp_path, "2.csv", ["user"], [("b",)] * 5)
    assert count_cells([one, other], FORM, ["user"], most_rows=7) == Counter({("a",): 5, ("b",): 2})
