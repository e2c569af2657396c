"""Lines of erased people are emptied in every format, and all others stay where they were, byte by byte."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from recolake.contracts.csv_text import CsvFormat
from recolake.contracts.formats import JsonlFormat, ParquetFormat
from recolake.privacy.people import People
from recolake.privacy.scan import Needles, holds
from spark_jobs.erasure.raw_lines import all_lines
from spark_jobs.erasure.redact import redact
from spark_jobs.parse import RawFile, read_records

PERSON, OTHER = "0123456789abcdef" * 2, "fedcba9876543210" * 2
PEOPLE = People.named(b"k" * 32, [PERSON])
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstandard": zstandard.compress,
}
UNPACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.decompress,
    "zstandard": lambda packed: zstandard.ZstdDecompressor().decompressobj().decompress(packed),
}


def _raw(path: Path, *header: str) -> RawFile:
    return RawFile(path.name, str(path), "hash", header)


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_record_goes_with_all_its_lines(tmp_path: Path, packing: str, end: str) -> None:
    lines = ["user,text", f"{PERSON},x", f'{PERSON},"two', 'lines"', f"{OTHER},y", f"{PERSON},last"]
    path = tmp_path / "day.csv"
    path.write_bytes(PACKINGS[packing](end.join(lines).encode()))
    raw, form = _raw(path, "user", "text"), CsvFormat()
    gone = all_lines(raw, form, PEOPLE, {2, 3, 6}, everywhere=False)
    redact(path, form, gone)
    expected = end.join(["user,text", "", "", "", f"{OTHER},y", ""])
    assert UNPACKINGS[packing](path.read_bytes()).decode() == expected
    assert [(record.line, record.cells[0]) for record in read_records(raw, form)] == [(5, OTHER)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "windows-1252"])
def test_encodings_stay_what_they_are(tmp_path: Path, encoding: str) -> None:
    text = f"user,text\n{PERSON},é\n{OTHER},ü\n"
    path = tmp_path / "day.csv"
    path.write_bytes(text.encode(encoding))
    form = CsvFormat(encoding="windows-1252" if encoding == "windows-1252" else "utf-8")
    redact(path, form, {2})
    assert path.read_bytes() == f"user,text\n\n{OTHER},ü\n".encode(encoding)
    assert not holds(path, Needles([PERSON]))


def test_broken_records_are_known_by_their_words(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_text(f"user,text\n{OTHER},a,too,many\n{PERSON},a,too,many\n{OTHER},fine\n{PERSON},fine\n")
    raw, form = _raw(path, "user", "text"), CsvFormat()
    assert all_lines(raw, form, PEOPLE, set(), everywhere=False) == {3}
    assert all_lines(raw, form, PEOPLE, set(), everywhere=True) == {3, 5}


def test_json_lines_may_hold_other_ends_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    lines = [json.dumps({"user": OTHER}), f'{{"user": "{PERSON}"}}\r', json.dumps({"user": OTHER})]
    path.write_text("\n".join([*lines, ""]), newline="")
    redact(path, JsonlFormat(), {2})
    assert path.read_bytes() == "\n".join([lines[0], "\r", lines[2], ""]).encode()


def test_rows_of_parquet_lose_their_values_and_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "day.parquet"
    schema = pa.schema(
        [
            pa.field("user", pa.string(), nullable=False),
            ("tags", pa.list_(pa.string())),
            ("inner", pa.struct([("who", pa.string())])),
            ("kind", pa.dictionary(pa.int32(), pa.string())),
        ]
    )
    people = [OTHER, PERSON, OTHER, PERSON, OTHER]
    rows = [{"user": p, "tags": [p], "inner": {"who": p}, "kind": p} for p in people]
    pq.write_table(pa.Table.from_pylist(rows, schema), path, row_group_size=2, compression="zstd")
    redact(path, ParquetFormat(), {2, 4})
    assert not holds(path, Needles([PERSON]))
    found = pq.read_table(path).to_pylist()
    assert [row["user"] for row in found] == [OTHER, None, OTHER, None, OTHER]
    assert [row["inner"] for row in found if row["inner"]] == [{"who": OTHER}] * 3
    assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"


_CELL = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters='"\0\r\n,'), max_size=5)


@given(st.lists(st.tuples(st.booleans(), _CELL), min_size=1, max_size=12))
def test_nobody_else_loses_a_byte(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[bool, str]]
) -> None:
    path = tmp_path_factory.mktemp("raw") / "day.csv"
    lines = [f"{PERSON if theirs else OTHER},{text}" for theirs, text in rows]
    path.write_text("\n".join(["user,text", *lines, ""]), newline="")
    known = {number for number, (theirs, _) in enumerate(rows, 2) if theirs}
    raw, form = _raw(path, "user", "text"), CsvFormat()
    redact(path, form, all_lines(raw, form, PEOPLE, known, everywhere=False))
    kept = ["" if theirs else line for (theirs, _), line in zip(rows, lines, strict=True)]
    assert path.read_bytes().decode() == "\n".join(["user,text", *kept, ""])
