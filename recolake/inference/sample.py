"""The first records of a file of unknown form, and what form that seems to be."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from recolake.contracts.csv_text import CsvFormat, cut, detect_encoding, is_clean
from recolake.contracts.events import TIME_PATTERN, parse_number
from recolake.contracts.formats import JsonlFormat, ParquetFormat, RawFormat
from recolake.contracts.members import parse_object, to_text
from recolake.contracts.source import Source
from recolake.errors import UploadError
from recolake.landing.gather import RawInput, readable
from recolake.landing.members import schema_names

MOST_ROWS = 1_000
_HEAD = 1 << 20
_DELIMITERS = (",", "\t", ";", "|", "::", "^")
_LEGACY = "windows-1252"
_TIME = re.compile(TIME_PATTERN.replace(r"\z", r"\Z"))


@dataclass(frozen=True, slots=True)
class Sample:
    """Records of a file, as texts under their columns, and how sure its form is, from 0 to 1, and why."""

    form: RawFormat
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sure: float
    why: str

    def values(self, column: str) -> list[str]:
        """What stands in a column, blanks left out."""
        place = self.columns.index(column)
        return [text for row in self.rows if (text := row[place].strip())]


def take_sample(file: RawInput) -> Sample:
    """Look at the first mebibyte of a file, or the first thousand rows of Parquet.

    Raises:
        UploadError: the file cannot be read, is empty, or is no text and no Parquet.
    """
    with readable(file.path):
        with file.path.open("rb") as stream:
            parquet = stream.read(4) == b"PAR1"
        if parquet:
            return _of_parquet(file)
        with Source(file.path) as source:
            encoding = detect_encoding(source.beginning(), "utf-8")
            head = io.BufferedReader(source).read(_HEAD)
    if not head.strip():
        raise UploadError(f"The file '{file.name}' is empty.", hint="There is nothing to infer.")
    if len(head) == _HEAD and b"\n" in head:
        head = head[: head.rindex(b"\n") + 1]
    return _of_objects(head) or _of_text(file.name, head, encoding)


def _of_parquet(file: RawInput) -> Sample:
    import pyarrow.parquet as pq

    schema_names(file)
    with pq.ParquetFile(file.path) as opened:
        batch = next(opened.iter_batches(MOST_ROWS), None)
        try:
            objects = batch.to_pylist() if batch else []
        except UnicodeDecodeError as error:
            raise UploadError(f"The file '{file.name}' has texts that are not UTF-8.") from error
        names = opened.schema_arrow.names
    flat = [_flat(one) for one in objects]
    found = dict.fromkeys([n for one in flat for n in one] or names)
    columns = tuple(name for name in found if name and name.isprintable())
    return Sample(ParquetFormat(), columns, _rows(flat, columns), 1.0, "it begins as Parquet does")


def _of_objects(head: bytes) -> Sample | None:
    lines = [line for line in islice(head.split(b"\n"), MOST_ROWS) if line.strip()]
    found = [said for line in lines if (said := parse_object(line)) is not None]
    if not found or len(found) * 2 < len(lines):
        return None
    flat = [_flat(said) for said in found]
    columns = tuple(dict.fromkeys(name for one in flat for name in one if name and name.isprintable()))
    if not columns:
        return None
    why = f"{len(found)} of its first {len(lines)} lines are JSON objects"
    return Sample(JsonlFormat(), columns, _rows(flat, columns), len(found) / len(lines), why)


def _flat(said: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """Members by name, those of inner objects by a path with dots."""
    found: dict[str, str] = {}
    for name, value in said.items():
        if isinstance(value, dict) and value:
            found |= _flat(value, f"{before}{name}.")
        else:
            found[f"{before}{name}"] = to_text(
                value if isinstance(value, float | int | str | None) else str(value)
            )
    return found


def _rows(flat: list[dict[str, str]], columns: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(one.get(column, "") for column in columns) for one in flat)


def _of_text(name: str, head: bytes, encoding: str) -> Sample:
    sure, declared = 1.0, "utf-8"
    try:
        text = head.decode(encoding)
    except UnicodeDecodeError:
        sure, declared = 0.5, _LEGACY
        text = head.decode(_LEGACY, "replace")
    if "\0" in text or not is_clean(text):
        raise UploadError(
            f"The file '{name}' is no text that can be told: CSV in UTF-8 or UTF-16, JSON Lines or Parquet.",
            hint="Say its format and encoding in a mapping of your own.",
        )
    best = max(_readings(text, declared), key=lambda reading: reading[0], default=None)
    if best is None:
        raise UploadError(f"The file '{name}' has no records.", hint="There is nothing to infer.")
    (share, _, _), form, records = best
    first, *rest = records
    header, about = _is_header(first, rest)
    form = CsvFormat(form.delimiter, form.quote, form.encoding, header)
    columns = tuple(first) if header else tuple(f"column_{n}" for n in range(1, len(first) + 1))
    rows = tuple(tuple(row) for row in (rest if header else records) if len(row) == len(columns))
    why = f"{share:.0%} of its first {len(records)} records have {len(first)} fields; {about}"
    if declared != "utf-8":
        why += f"; it is not UTF-8, {_LEGACY} is a guess"
    return Sample(form, columns, rows, sure * share, why)


def _readings(
    text: str, encoding: str
) -> Iterator[tuple[tuple[float, bool, int], CsvFormat, list[list[str]]]]:
    """Each way to cut the text: the share of records as wide as the first, quotes, and columns."""
    for delimiter in _DELIMITERS:
        for quote in ('"', "") if len(delimiter) == 1 else ("",):
            form = CsvFormat(delimiter, quote, encoding)
            reader = cut(io.StringIO(text, newline=""), form)
            records, broken = _tolerant(reader)
            if not records:
                continue
            widths = Counter(map(len, records))
            share = widths[len(records[0])] / (len(records) + broken)
            if len(records[0]) == 1:
                share *= 0.5
            yield (round(share, 2), quote != "", len(records[0])), form, records


def _tolerant(reader: Iterator[list[str]]) -> tuple[list[list[str]], int]:
    records: list[list[str]] = []
    broken = 0
    while len(records) + broken < MOST_ROWS:
        try:
            record = next(reader)
        except StopIteration:
            break
        except csv.Error:
            broken += 1
            continue
        if record:
            records.append(record)
    return records, broken


def _is_header(first: list[str], rest: list[list[str]]) -> tuple[bool, str]:
    if not all(cell.strip() and cell.isprintable() for cell in first) or len(set(first)) < len(first):
        return False, "the first cannot be a header, as a name is missing or there twice"
    if any(_is_value(cell.strip()) for cell in first):
        return False, "the first is no header, as it holds a number or a time"
    if any(_is_value(cell.strip()) for row in rest for cell in row):
        return True, "the first is a header, as numbers and times come after it only"
    return True, "the first is taken for a header, though no column tells"


def _is_value(text: str) -> bool:
    return parse_number(text) is not None or _TIME.match(text) is not None
