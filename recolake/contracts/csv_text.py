"""The text of a raw CSV file as far as it can be read, and its records.

Plain Python that imports nothing of ours but its neighbour `source`: both travel to Spark's workers by value.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from recolake.contracts.source import Source


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """How CSV files are written.

    An empty `quote` means that nothing is quoted; only then may the delimiter be longer than a character.
    With `header` the first record names the columns, else the mapping does, by position.
    """

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    header: bool = True


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Any bytes that cannot be decoded become one lone surrogate.

    Python's own `surrogateescape` gives up on some of UTF-16's.
    """
    assert isinstance(error, UnicodeDecodeError)
    return "\udcff", error.end


def detect_encoding(beginning: bytes, declared: str) -> str:
    """The encoding of a text by its first four bytes, where UTF-8 is declared; else the declared one.

    UTF-16 begins with a mark that UTF-8 cannot begin with, or with two ASCII characters, each beside a NUL.
    """
    if codecs.lookup(declared).name != "utf-8":
        return declared
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if len(beginning) == 4:
        nul = [byte == 0 for byte in beginning]
        if nul == [False, True, False, True]:
            return "utf-16-le"
        if nul == [True, False, True, False]:
            return "utf-16-be"
    return "utf-8-sig"


def open_text(source: Source, encoding: str) -> io.TextIOWrapper:
    """Lines with their ends, without a BOM; what is not of the encoding becomes lone surrogates."""
    codecs.register_error("recolake.mark", _mark)
    return io.TextIOWrapper(
        io.BufferedReader(source, 1 << 16),
        encoding=detect_encoding(source.beginning(), encoding),
        errors="recolake.mark",
        newline="",
    )


def is_clean(text: str) -> bool:
    """Whether a text has neither NUL nor bytes that could not be decoded."""
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)


def cut(lines: Iterable[str], form: CsvFormat) -> Iterator[list[str]]:
    """The fields of each record; a blank line is a record without fields.

    Goes on after a csv.Error: the next record begins with the next line.
    """
    if form.quote:
        return csv.reader(lines, delimiter=form.delimiter, quotechar=form.quote, strict=True)
    return _Split(lines, form.delimiter)


class _Split:
    """Records of a format without quotes: each is a line."""

    def __init__(self, lines: Iterable[str], delimiter: str) -> None:
        self._lines = iter(lines)
        self._delimiter = delimiter

    def __iter__(self) -> _Split:
        return self

    def __next__(self) -> list[str]:
        line = next(self._lines).rstrip("\r\n")
        return line.split(self._delimiter) if line else []
