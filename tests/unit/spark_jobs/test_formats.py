"""Every format that a mapping can name gives its rows, whole or with the place where it breaks."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from recolake.contracts.mapping import EventMapping, load_mapping, parse_mapping
from recolake.errors import MappingError, UploadError
from recolake.landing.gather import RawInput
from recolake.landing.inspect import read_columns
from recolake.settings import PROJECT_ROOT
from spark_jobs.parse import MALFORMED, TRUNCATED, RawFile, Record
from spark_jobs.readers import reader_of


def rules(form: str, columns: str = "[user, item, time]") -> EventMapping:
    return parse_mapping(
        f"version: 1\nformat: {form}\ncolumns: {columns}\n"
        "event: {user: user, item: item, type: \"'view'\", time: time}\n",
        "m.yaml",
    )


def read(path: Path, mapping: EventMapping) -> list[Record]:
    columns = read_columns(RawInput(path, path.name), mapping)
    return list(reader_of(mapping.format)(RawFile(path.name, str(path), "hash", columns)))


def cells(records: list[Record]) -> list[tuple[str, ...]]:
    assert all(record.problem is None for record in records)
    return [tuple(record.cells) for record in records]


def test_old_mappings_keep_their_hash() -> None:
    """Landed files are known by it."""
    found = {
        n: load_mapping(PROJECT_ROOT / "mappings" / f"{n}.yaml").sha256[:16]
        for n in ("online_retail", "simulator")
    }
    assert found == {"online_retail": "0a038b06723c8266", "simulator": "dcc663959b0a45fd"}


def test_without_a_header_the_order_of_columns_makes_another_mapping() -> None:
    form = "{csv: {header: false}}"
    assert rules(form).sha256 != rules(form, "[item, user, time]").sha256
    assert rules("csv").sha256 == rules("csv", "[item, user, time]").sha256


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("tsv", "user\titem\ttime\n1\ta, b\tnow\n"),
        ('{csv: {delimiter: "|", header: false}}', "1|a, b|now\n"),
        ('{csv: {delimiter: "::", quote: none, header: false}}', "1::a, b::now\n"),
        ("{tsv: {quote: none}}", "user\titem\ttime\n1\ta, b\tnow\n"),
        ('{csv: {delimiter: ;, quote: "\'"}}', "user;item;time\n1;'a, b';now\n"),
    ],
)
def test_any_delimiter_and_quote_with_or_without_a_header(tmp_path: Path, form: str, text: str) -> None:
    path = tmp_path / "a.txt"
    for ends in ("\n", "\r\n"):
        path.write_text(text.replace("\n", ends), newline="")
        assert cells(read(path, rules(form))) == [("1", "a, b", "now")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_that_can_be_told_apart_need_not_be_declared(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("user,item,time\nJosé,日本,now\n".encode(encoding))
    assert cells(read(path, rules("csv"))) == [("José", "日本", "now")]


def test_another_encoding_is_named_by_byte_and_line_until_it_is_declared(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("\nuser,item,time,größe\nJosé,i,now,1\n".encode("windows-1252"))
    with pytest.raises(UploadError, match=r"byte 19 \(0xf6\), on line 2, .*`encoding`"):
        read(path, rules("csv"))
    assert cells(read(path, rules("{csv: {encoding: windows-1252}}"))) == [("José", "i", "now", "1")]


def test_a_file_without_header_has_the_mappings_columns_or_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1,2,3,4\n")
    with pytest.raises(UploadError, match=r"has 4 fields .* has 3 columns"):
        read(path, rules("{csv: {header: false}}"))


@pytest.mark.parametrize(
    "form",
    [
        "{csv: {delimiter: '::'}}",
        "{csv: {header: maybe}}",
        "{csv: {}, tsv: {}}",
        "{csv: {quote: ''}}",
        "{csv: {delimiter: '', quote: none}}",
        "{jsonl: {}}",
    ],
)
def test_a_format_that_cannot_be_read_is_refused(form: str) -> None:
    with pytest.raises(MappingError, match="line 2"):
        rules(form)


def test_a_zstandard_file_cut_anywhere_keeps_its_rows_and_says_where_it_breaks(tmp_path: Path) -> None:
    rows = [(str(i), "value" * (i % 7), "end") for i in range(2_000)]
    text = "user,item,time\n" + "".join(",".join(row) + "\n" for row in rows)
    half = len(text) // 2
    packed = b"".join(
        zstandard.ZstdCompressor().compress(part.encode()) for part in (text[:half], text[half:])
    )
    path = tmp_path / "a.csv.zst"
    path.write_bytes(packed)
    assert cells(read(path, rules("csv"))) == rows
    boundary = len(zstandard.ZstdCompressor().compress(text[:half].encode()))
    for cut in range(boundary + 1, len(packed), 211):
        path.write_bytes(packed[:cut])
        *whole, last = read(path, rules("csv"))
        assert last.problem == TRUNCATED
        assert cells(whole) == rows[: len(whole)]
        assert len(whole) > 900


def test_a_line_without_end_is_one_malformed_row_and_is_never_held(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"user,item,time\n1,i,t\n" + b"x" * (5 << 20) + b"\n2,i,t\n")
    first, broken, last = read(path, rules("csv"))
    assert (first.line, broken.line, broken.problem, last.line) == (2, 3, MALFORMED, 4)
    assert len(broken.broken_text or "") < 2 << 20


def test_members_of_inner_objects_are_columns_by_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"user": {"id": 7}, "user.name": "x", "item": "i", "time": 1.50}\n{"item": "j"}\n')
    form = rules("jsonl", "[user.id, user.name, item, time, user]")
    assert [tuple(r.cells)[:4] for r in read(path, form)] == [("7", "x", "i", "1.50"), ("", "", "j", "")]


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"a,b\n1,2\n", "none of its first lines"), (b'{"x": 1}\n', "none of the mapping's")],
)
def test_what_is_no_json_lines_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    with pytest.raises(UploadError, match=f"a.jsonl.*{words}|{words}"):
        read(path, rules("jsonl"))


def parquet(path: Path, rows: int = 5) -> Path:
    moment = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    table = pa.table(
        {
            "user": pa.array([{"id": i} for i in range(rows)]),
            "item": pa.array([None if i == 1 else f"ü{i}" for i in range(rows)]).dictionary_encode(),
            "time": pa.array([moment] * rows, pa.timestamp("us", "UTC")),
            "price": pa.array([Decimal("2.50")] * rows),
            "flags": pa.array([[True, None]] * rows),
        }
    )
    pq.write_table(table, path, row_group_size=2, compression="none")
    return path


PARQUET_COLUMNS = "[user.id, user, item, time, price, flags]"


def test_parquet_gives_texts_and_the_number_of_the_row(tmp_path: Path) -> None:
    records = read(parquet(tmp_path / "a.parquet"), rules("parquet", PARQUET_COLUMNS))
    assert [record.line for record in records] == [1, 2, 3, 4, 5]
    assert cells(records)[:2] == [
        ("0", '{"id": 0}', "ü0", "2024-01-02 03:04:05.000000Z", "2.50", "[true, null]"),
        ("1", '{"id": 1}', "", "2024-01-02 03:04:05.000000Z", "2.50", "[true, null]"),
    ]


def test_a_parquet_file_that_is_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = parquet(tmp_path / "a.parquet").read_bytes()
    path = tmp_path / "cut.parquet"
    for cut in range(0, len(whole), 97):
        path.write_bytes(whole[:cut])
        with pytest.raises(UploadError, match=r"cut\.parquet"):
            read(path, rules("parquet", PARQUET_COLUMNS))


def test_a_damaged_group_costs_its_own_rows_each_with_its_number(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet")
    opened = pq.ParquetFile(path)
    place = opened.metadata.row_group(1).column(0).data_page_offset
    content = bytearray(path.read_bytes())
    content[place : place + 12] = b"\xff" * 12
    path.write_bytes(content)
    records = read(path, rules("parquet", PARQUET_COLUMNS))
    assert [record.line for record in records] == [1, 2, 3, 4, 5]
    assert [record.line for record in records if record.problem == MALFORMED] == [3, 4]


def test_a_text_that_is_not_utf_8_costs_its_own_row(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    texts = pa.array([b"u", b"\xff", b"a\0b", None], pa.binary())
    table = pa.table({"user": texts, "item": texts, "time": texts})
    pq.write_table(table, path)
    records = read(path, rules("parquet"))
    assert [(record.line, record.problem) for record in records] == [
        (1, None),
        (2, MALFORMED),
        (3, MALFORMED),
        (4, None),
    ]
