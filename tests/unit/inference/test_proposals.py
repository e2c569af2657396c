"""A proposed mapping can always be loaded, reads its file, and says what it doubts."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from recolake.cli.app import build_app
from recolake.contracts.csv_text import CsvFormat
from recolake.contracts.formats import JsonlFormat, ParquetFormat
from recolake.contracts.mapping import EventMapping, load_mapping, parse_mapping
from recolake.errors import UploadError
from recolake.inference.propose import propose
from recolake.inference.sample import take_sample
from recolake.landing.gather import RawInput
from recolake.landing.inspect import read_columns

NAME = st.one_of(
    st.sampled_from(
        ["user", "CustomerID", "item id", "time", "order", "price", "Qty", "null", "a`b", "select"]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=6),
)
VALUE = st.one_of(
    st.sampled_from(
        ["1", "2.5", "-1", "2024-01-02 03:04:05", "1700000000", "31/12/2023", "12/31/2023 10:00", "buy"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
)


def infer(path: Path) -> tuple[EventMapping, str]:
    text = propose(take_sample(RawInput(path, path.name)), path.name)
    return parse_mapping(text, "proposed.yaml"), text


@given(
    names=st.lists(NAME, min_size=1, max_size=6, unique=True),
    rows=st.lists(st.lists(VALUE, min_size=6, max_size=6), max_size=15),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_a_proposal_for_any_csv_file_loads_and_fits_it(
    tmp_path_factory: pytest.TempPathFactory,
    names: list[str],
    rows: list[list[str]],
    delimiter: str,
    encoding: str,
) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([names, *(row[: len(names)] for row in rows)])
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(out.getvalue().encode(encoding))
    try:
        mapping, _ = infer(path)
    except UploadError:
        assert not out.getvalue().strip() or any(not name.strip() for name in names)
        return
    read_columns(RawInput(path, path.name), mapping)


def expressions(text: str) -> dict[str, str]:
    lines = (line.strip() for line in text.splitlines() if line.startswith("  ") and "#" not in line)
    return {name: value for name, _, value in (line.partition(": ") for line in lines)}


def test_a_shops_export_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    rows = [f"o{n};u{n % 3}.0;sku{n};{n % 4 - 1};9.90;1{n}.01.2024 10:00;Chair {n};pv" for n in range(9)]
    path.write_text("\n".join(["order_id;Kunde_ID;sku;qty;Preis;datum;product_title;event_type", *rows]))
    mapping, text = infer(path)
    assert mapping.format == CsvFormat(delimiter=";")
    assert expressions(text) == {
        "user": "Kunde_ID",
        "order": "order_id",
        "item": "sku",
        "type": "\"CASE lower(event_type) WHEN 'pv' THEN 'view' ELSE lower(event_type) END\"",
        "quantity": "qty",
        "price": "Preis",
        "value": '"qty * Preis"',
        "time": "\"to_timestamp(datum, 'd.M.yyyy H:mm')\"",
        "title": "product_title",
    }
    assert mapping.personal == {"Kunde_ID"}
    assert "day and month may be" not in text


def test_ratings_without_a_header_are_recognised_and_doubted(tmp_path: Path) -> None:
    path = tmp_path / "u.data"
    path.write_text("".join(f"{n % 7}\t{n}\t{n % 5 + 1}\t{880_000_000 + n}\n" for n in range(60)))
    mapping, text = infer(path)
    assert mapping.format == CsvFormat(delimiter="\t", header=False)
    assert expressions(text)["time"] == '"timestamp_seconds(column_4)"'
    assert expressions(text)["type"] == "\"'rating'\""
    assert "# a guess" in text


def test_json_lines_and_parquet_are_recognised_with_inner_names(tmp_path: Path) -> None:
    objects = [{"user": {"id": n}, "product": f"p{n}", "ts": 1_700_000_000_000 + n} for n in range(5)]
    lines = tmp_path / "a.jsonl"
    lines.write_text("".join(json.dumps(one) + "\n" for one in objects))
    pq.write_table(pa.Table.from_pylist(objects), tmp_path / "a.parquet")
    for path, form in ((lines, JsonlFormat()), (tmp_path / "a.parquet", ParquetFormat())):
        mapping, text = infer(path)
        assert mapping.format == form
        assert mapping.columns == ("user.id", "product", "ts")
        assert expressions(text)["time"] == '"timestamp_millis(ts)"'
        read_columns(RawInput(path, path.name), mapping)


@pytest.mark.parametrize("content", [b"", b" \n\n", b"\x89PNG\0\0\xff", b"PAR1"])
def test_what_is_no_table_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(content)
    with pytest.raises(UploadError, match=r"odd\.csv"):
        infer(path)


def test_the_command_writes_a_mapping_and_never_over_another_file(tmp_path: Path) -> None:
    path, out = tmp_path / "a.csv", tmp_path / "mapping.yaml"
    path.write_text("user,item,time\nu,i,2024-01-01\n")
    arguments = ["mapping", "infer", str(path), "--out", str(out)]
    assert CliRunner().invoke(build_app(), arguments).exit_code == 0
    assert {"user", "item", "type", "time"} <= set(load_mapping(out).event)
    assert isinstance(CliRunner().invoke(build_app(), arguments).exception, UploadError)


def test_real_files_are_recognised(shared_data: Path) -> None:
    invoices = sorted((shared_data / "online-retail").glob("*.csv.gz"))[0]
    mapping, text = infer(invoices)
    assert mapping.personal == {"CustomerID"}
    found = expressions(text)
    assert (found["item"], found["order"], found["time"]) == ("StockCode", "InvoiceNo", "InvoiceDate")
    for name in ("ml-100k/u.data", "ml-100k/u.item", "ml-100k/u.user", "ml-1m-ncf/movies.dat"):
        path = shared_data / name
        mapping, _ = infer(path)
        read_columns(RawInput(path, path.name), mapping)
