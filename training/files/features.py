"""Reads a file that describes users or items: one row each."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

from training.datasets.features import Features
from training.datasets.ids import StrArray
from training.files.columns import ids_of, name_of
from training.files.encoding import Part, parts
from training.files.events import EvaluationFileError
from training.files.read import content_of, is_parquet
from training.files.table import csv_frame, parquet_frame

# What MovieLens puts between fields; their files have no header, and their first field is the id.
_BARE = ("::", "|")
_UNIT = "\x1f"


def read_features(path: Path, side: str) -> Features:
    """Of a CSV (comma, semicolon or tab) or Parquet file with a column of ids, or MovieLens' own files.

    Args:
        side: "user" or "item": what the rows are.

    Raises:
        EvaluationFileError: the file is missing, empty, has no such column, or says nothing beside the ids.
    """
    content = content_of(path)
    if is_parquet(content):
        frame = _named(parquet_frame(io.BytesIO(content), path.name), side, path.name)
    else:
        frame = _table(_text(content), side, path.name)
    ids = ids_of(frame.pop(side), side, path.name).astype(np.str_)
    # Of rows with the same id, the last counts.
    distinct, newest = np.unique(ids[::-1], return_index=True)
    found = parts(frame.iloc[len(ids) - 1 - newest].reset_index(drop=True))
    if not found:
        raise EvaluationFileError(
            f"{path.name} says nothing that several of its rows share.",
            hint="Columns that tell every row from every other, such as links, are left out.",
        )
    return joined(distinct, found)


def joined(ids: StrArray, found: Sequence[Part]) -> Features:
    """All columns of a table beside each other; `ids` [n] are sorted, each once."""
    return Features(
        ids,
        sp.hstack([part.matrix for part in found], format="csr", dtype=np.float32),
        tuple(name for part in found for name in part.names),
        np.concatenate([np.full(len(part.names), part.category) for part in found]),
        tuple(part.column for part in found),
    )


def _table(text: str, side: str, name: str) -> pd.DataFrame:
    first = text.lstrip().partition("\n")[0]
    for bare in _BARE:
        if bare in first and side not in {name_of(field) for field in first.split(bare)}:
            return _without_header(text, bare, side, name)
    delimiter = max(",;\t|", key=first.count)
    return _named(csv_frame(text, delimiter, name), side, name)


def _without_header(text: str, delimiter: str, side: str, name: str) -> pd.DataFrame:
    stream = io.StringIO(text.replace(delimiter, _UNIT))
    try:
        frame = pd.read_csv(
            stream, sep=_UNIT, header=None, dtype=str, keep_default_na=False, quoting=csv.QUOTE_NONE
        )
    except (ValueError, pd.errors.ParserError) as error:
        raise EvaluationFileError(f"{name} is not a table that can be read: {error}.") from error
    return frame.set_axis([side, *(f"field {n}" for n in range(2, frame.shape[1] + 1))], axis=1)


def _named(frame: pd.DataFrame, side: str, name: str) -> pd.DataFrame:
    named = frame.rename(columns=lambda header: side if name_of(str(header)) == side else str(header))
    if list(named.columns).count(side) != 1:
        given = ", ".join(map(str, frame.columns))
        raise EvaluationFileError(f"{name} needs one column {side}; it has {given}.")
    return named


def _text(content: bytes) -> str:
    """Older catalogues, MovieLens' among them, are not in UTF-8; in Latin-1 every byte is a letter."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")
