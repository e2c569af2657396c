"""How raw files are written, as a mapping's key `format` says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import yaml

from recolake.contracts.csv_text import CsvFormat
from recolake.contracts.marked_yaml import Marked

_TSV = CsvFormat(delimiter="\t")
_OPTIONS = ("delimiter", "quote", "encoding", "header")
_NO_QUOTE = "none"
_LONGEST_DELIMITER = 16


@dataclass(frozen=True, slots=True)
class JsonlFormat:
    """A JSON object a line; columns are its members, those of inner objects by a path with dots."""


@dataclass(frozen=True, slots=True)
class ParquetFormat:
    """Apache Parquet; columns are the schema's, fields of structs by a path with dots."""


RawFormat = CsvFormat | JsonlFormat | ParquetFormat
_WITHOUT_OPTIONS: Mapping[str, RawFormat] = {"jsonl": JsonlFormat(), "parquet": ParquetFormat()}
_KNOWN = ("csv", "tsv", *_WITHOUT_OPTIONS)


def name_of(form: RawFormat) -> str:
    """The format's name for a person."""
    match form:
        case CsvFormat():
            return "CSV"
        case JsonlFormat():
            return "JSON Lines"
        case ParquetFormat():
            return "Parquet"


def meaning_of(form: RawFormat) -> Mapping[str, Any]:
    """What a format says, for the hash of a mapping.

    Settings that came later are left out where they say what was always so: a landed file stays known.
    """
    match form:
        case CsvFormat():
            return {name: value for name, value in asdict(form).items() if (name, value) != ("header", True)}
        case JsonlFormat():
            return {"name": "jsonl"}
        case ParquetFormat():
            return {"name": "parquet"}


def parse_format(marked: Marked | None) -> RawFormat:
    """`csv`, `tsv`, `jsonl`, `parquet`, or `csv: {delimiter: …, quote: …, encoding: …, header: …}`.

    Raises:
        MappingError: names the line and the column of what is wrong.
    """
    if marked is None:
        return CsvFormat()
    if isinstance(marked.node, yaml.ScalarNode):
        name, options = marked.text(), None
    else:
        entries = marked.known_entries("csv", "tsv")
        if len(entries) != 1:
            marked.fail("one format is needed here: csv or tsv")
        ((name, options),) = entries.items()
    if name in _WITHOUT_OPTIONS:
        return _WITHOUT_OPTIONS[name]
    if name not in _KNOWN:
        marked.fail(f"there is no format '{name}'; there are {', '.join(_KNOWN)}")
    default = _TSV if name == "tsv" else CsvFormat()
    return default if options is None else _with_options(options, default)


def _with_options(options: Marked, default: CsvFormat) -> CsvFormat:
    found = options.known_entries(*_OPTIONS)
    values = {key: value.text() for key, value in found.items()}
    quote = values.get("quote", default.quote)
    quote = "" if quote == _NO_QUOTE else quote
    delimiter = values.get("delimiter", default.delimiter)
    for key, value in (("delimiter", delimiter), ("quote", quote)):
        longest = _LONGEST_DELIMITER if key == "delimiter" and not quote else 1
        least = 0 if key == "quote" and values.get(key) == _NO_QUOTE else 1
        if key in values and (not least <= len(value) <= longest or set(value) & set("\r\n\0")):
            hint = "Without quotes (`quote: none`) a delimiter may be longer." if key == "delimiter" else ""
            found[key].fail("one character is needed here", hint=hint)
    if len(delimiter) > 1 and quote:
        options.fail("a delimiter of several characters needs `quote: none`")
    if delimiter == quote:
        options.fail("delimiter and quote are the same")
    encoding = values.get("encoding", default.encoding)
    try:
        "".encode(encoding)
    except (LookupError, ValueError):
        # ValueError: NUL in the name, or the codec `undefined`, which fails on purpose.
        found["encoding"].fail(f"there is no encoding '{encoding}'")
    header = values.get("header", "true")
    if header not in ("true", "false"):
        found["header"].fail("true or false is needed here")
    return CsvFormat(delimiter, quote, encoding, header == "true")
