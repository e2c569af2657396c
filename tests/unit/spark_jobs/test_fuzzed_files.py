"""Whatever happened to a file: it is refused in words, or each of its lines is a row or has a reason."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from recolake.contracts.csv_text import open_text
from recolake.contracts.mapping import EventMapping, parse_mapping
from recolake.contracts.source import Source
from recolake.errors import UploadError
from recolake.landing.gather import RawInput
from recolake.landing.inspect import read_columns
from spark_jobs.parse import MALFORMED, TRUNCATED, RawFile, Record
from spark_jobs.readers import reader_of

EXAMPLES = max(200, settings.default.max_examples if settings.default else 0)
COLUMNS = ("user", "item", "time")
RULES = """version: 1
format: {}
columns: [user, item, time]
event: {{user: user, item: item, type: "'view'", time: time}}
"""
_ENDS = re.compile("\r\n|\r|\n")

CELL = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('\n",;\t\r'), max_size=8)
ROWS = st.lists(st.tuples(CELL, CELL, CELL), max_size=12)
PLACE = st.floats(0, 1, exclude_max=True)
Mutation = Callable[[bytes], bytes]


def at(content: bytes, place: float) -> int:
    return int(place * (len(content) + 1))


def inserted(payload: bytes) -> Callable[[float], Mutation]:
    return lambda place: lambda c: c[: at(c, place)] + payload + c[at(c, place) :]


def flipped(place: float) -> Mutation:
    return lambda c: c[: (i := at(c, place))] + bytes(b ^ 0x5A for b in c[i : i + 1]) + c[i + 1 :]


def repeated(place: float) -> Mutation:
    def change(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        spot = int(place * (len(lines) + 1))
        return b"".join([*lines[:spot], *lines[spot : spot + 1], *lines[spot:]])

    return change


def unclosed(place: float) -> Mutation:
    """A quote where a field begins."""

    def change(content: bytes) -> bytes:
        found = re.compile(b"[,\n]").search(content, at(content, place))
        return content if found is None else content[: found.end()] + b'"' + content[found.end() :]

    return change


MUTATION: st.SearchStrategy[Mutation] = st.one_of(
    PLACE.map(lambda place: lambda c: c[: at(c, place)]),
    PLACE.map(flipped),
    PLACE.map(repeated),
    PLACE.map(unclosed),
    st.tuples(
        PLACE,
        st.sampled_from(
            [b"\0", b"\xff", b'"', b"\n", b"\r", b",", b"{", b"\xef\xbb\xbf", b"\xff\xfe", b"\xc3"]
        ),
    ).map(lambda drawn: inserted(drawn[1])(drawn[0])),
    st.sampled_from([(b",", b";"), (b",", b"\t"), (b"\n", b"\r\n"), (b"\n", b"\r"), (b'"', b"'")]).map(
        lambda swap: lambda c: c.replace(*swap)
    ),
    st.just(lambda c: c.decode("utf-8", "replace").encode("utf-16")),
)
PACKERS: dict[str, Mutation] = {
    "": lambda content: content,
    ".gz": lambda content: gzip.compress(content, mtime=0),
    ".zst": zstandard.ZstdCompressor().compress,
}


def as_csv(rows: list[tuple[str, str, str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([COLUMNS, *rows])
    return out.getvalue().encode()


def as_jsonl(rows: list[tuple[str, str, str]]) -> bytes:
    return "".join(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n" for row in rows).encode()


def mapping(form: str) -> EventMapping:
    return parse_mapping(RULES.format(form), "m.yaml")


def look(path: Path, rules: EventMapping) -> tuple[list[Record], tuple[str, ...]] | None:
    """The file's records; None where landing refuses it, which it does with the file's name."""
    try:
        columns = read_columns(RawInput(path, path.name), rules)
    except UploadError as error:
        if path.name not in error.message:
            raise
        return None
    return list(reader_of(rules.format)(RawFile(path.name, str(path), "hash", columns))), columns


def check_records(records: list[Record], width: int) -> None:
    lines = [record.line for record in records]
    assert lines == sorted(set(lines))
    for record in records:
        assert record.line >= 1
        if record.problem is None:
            assert len(record.cells) == width
        else:
            assert record.problem in (MALFORMED, TRUNCATED)
            assert not record.cells
            assert record.broken_text is not None
            assert "\0" not in record.broken_text
    assert all(record.problem != TRUNCATED for record in records[:-1])


def check_lines(path: Path, records: list[Record], encoding: str) -> None:
    """Every line of the file that is not blank is the header's or belongs to exactly one record."""
    with Source(path) as source, open_text(source, encoding) as text:
        lines = list(text)
    owner = [0] * (len(lines) + 2)
    for record in records:
        if record.problem == TRUNCATED:
            spanned = max(len(lines) - record.line + 1, 1)
        elif record.problem == MALFORMED:
            said, first = record.broken_text or "", lines[record.line - 1]
            alone = _ENDS.sub("", said) == _ENDS.sub("", re.sub("[\0\ud800-\udfff]", "\ufffd", first))
            spanned = 1 if alone else 1 + len(_ENDS.findall(said))
        else:
            spanned = 1 + sum(len(_ENDS.findall(cell)) for cell in record.cells)
        for line in range(record.line, record.line + spanned):
            owner[line] += 1
    assert max(owner) <= 1
    begun = [number for number, text in enumerate(lines, 1) if text.strip("\r\n")]
    # The first of them is the header.
    lost = [number for number in begun[1:] if not owner[number]]
    assert not lost, (lost, lines, records)


@settings(max_examples=EXAMPLES)
@given(rows=ROWS, before=st.lists(MUTATION, max_size=4), after=st.lists(MUTATION, max_size=1), data=st.data())
def test_a_csv_file_loses_no_line(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str]],
    before: list[Mutation],
    after: list[Mutation],
    data: st.DataObject,
) -> None:
    packed = data.draw(st.sampled_from(sorted(PACKERS)))
    path = tmp_path_factory.getbasetemp() / f"fuzzed.csv{packed}"
    head, body = as_csv(rows).split(b"\n", 1)
    # Most files that are only changed behind their header are landed, and read.
    content = head + b"\n" + changed(body, before)
    path.write_bytes(changed(PACKERS[packed](content), after))
    rules = mapping("csv")
    if (found := look(path, rules)) is not None:
        records, columns = found
        check_records(records, len(columns))
        check_lines(path, records, "utf-8")


@settings(max_examples=EXAMPLES)
@given(rows=ROWS, before=st.lists(MUTATION, max_size=4), after=st.lists(MUTATION, max_size=1), data=st.data())
def test_a_json_lines_file_loses_no_line(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str]],
    before: list[Mutation],
    after: list[Mutation],
    data: st.DataObject,
) -> None:
    packed = data.draw(st.sampled_from(sorted(PACKERS)))
    path = tmp_path_factory.getbasetemp() / f"fuzzed.jsonl{packed}"
    path.write_bytes(changed(PACKERS[packed](changed(as_jsonl(rows), before)), after))
    if (found := look(path, mapping("jsonl"))) is not None:
        records, columns = found
        check_records(records, len(columns))
        with Source(path) as source:
            lines = io.BufferedReader(source).read().split(b"\n")
        numbers = {number for number, line in enumerate(lines, 1) if line.strip()}
        assert numbers <= {record.line for record in records}


def changed(content: bytes, mutations: list[Mutation]) -> bytes:
    for mutation in mutations:
        content = mutation(content)
    return content
