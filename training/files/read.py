"""Reads an interaction file; what kind it is, its content says, not its name."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from training.files.arrays import read_arrays
from training.files.events import EvaluationFileError, Events, Negatives
from training.files.table import csv_frame, parquet_frame, read_csv, read_parquet
from training.files.text import header_of, read_negative_lines, read_text

_GZIP, _ZIP, _PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
# Column names in a message; some logs have hundreds.
_SHOWN = 12


def read_events(path: Path) -> Events:
    """Rows of a CSR or NCF `.npz`, an NCF or sequence text, a CSV or a Parquet file, plain or gzip.

    Raises:
        EvaluationFileError: the file is missing, empty, or none of these.
    """
    content = content_of(path)
    if content.startswith(_ZIP):
        events = read_arrays(io.BytesIO(content), path.name)
    elif is_parquet(content):
        events = read_parquet(io.BytesIO(content), path.name)
    else:
        text = _decoded(content, path.name)
        delimiter = header_of(text)
        events = read_text(text, path.name) if delimiter is None else read_csv(text, delimiter, path.name)
    if not len(events):
        raise EvaluationFileError(f"{path.name} holds no interactions.")
    return events


def read_negatives(path: Path) -> Negatives:
    """Lines `(user,item)`, then the negatives of that user, separated by tabs, as He et al. (2017) publish.

    Raises:
        EvaluationFileError: the file is missing, empty, or has a line of another form.
    """
    return read_negative_lines(_decoded(content_of(path), path.name), path.name)


def read_table(path: Path, needed: Sequence[str], optional: Sequence[str] = ()) -> pd.DataFrame:
    """The named columns of a CSV (comma, semicolon or tab) or Parquet file, plain or gzip.

    Cells of a CSV file are the texts that they are. Optional columns are there where the file has them.

    Raises:
        EvaluationFileError: the file is missing, empty or neither, has no rows, or lacks a needed column.
    """

    def choose(header: Sequence[str]) -> list[str]:
        lacking = [column for column in needed if column not in header]
        if lacking:
            raise EvaluationFileError(
                f"{path.name} has no column {' and no column '.join(lacking)}; it has {_listed(header)}."
            )
        return [column for column in header if column in needed or column in optional]

    content = content_of(path)
    if is_parquet(content):
        frame = parquet_frame(io.BytesIO(content), path.name, choose)
    else:
        text = _decoded(content, path.name)
        first = text.lstrip().partition("\n")[0]
        frame = csv_frame(text, max(",;\t", key=first.count), path.name, choose)
    if frame.empty:
        raise EvaluationFileError(f"{path.name} holds no rows.")
    return frame


def _listed(header: Sequence[str]) -> str:
    shown = ", ".join(header[:_SHOWN])
    return shown if len(header) <= _SHOWN else f"{shown} and {len(header) - _SHOWN} more"


def content_of(path: Path) -> bytes:
    """What is in a file, unpacked where it is gzip.

    Raises:
        EvaluationFileError: missing, empty, or it cannot be read.
    """
    try:
        content = path.read_bytes()
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
    except FileNotFoundError:
        raise EvaluationFileError(f"There is no file {path}.") from None
    except (OSError, EOFError, zlib.error) as error:
        raise EvaluationFileError(f"{path} cannot be read: {error}.") from error
    if not content.strip():
        raise EvaluationFileError(f"{path.name} is empty.")
    return content


def is_parquet(content: bytes) -> bool:
    """By its first bytes."""
    return content.startswith(_PARQUET)


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise EvaluationFileError(
            f"{name} is neither an .npz, a Parquet file nor text in UTF-8.",
            hint="The formats are listed in docs/howto/evaluate-on-files.md.",
        ) from None
