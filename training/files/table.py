"""Interactions in CSV and Parquet files."""

from __future__ import annotations

import io
from typing import BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from training.files.columns import events_of
from training.files.events import EvaluationFileError, Events


def read_csv(text: str, delimiter: str, name: str) -> Events:
    """A header, then rows. Cells are taken as they stand: NA is an id like any other.

    Raises:
        EvaluationFileError: no table, or one without the columns that are needed.
    """
    try:
        frame = pd.read_csv(
            io.StringIO(text), sep=delimiter, dtype=str, keep_default_na=False, na_filter=False
        )
    except (ValueError, pd.errors.ParserError) as error:
        raise EvaluationFileError(f"{name} is not a CSV file that can be read: {error}.") from error
    return events_of(frame, name)


def read_parquet(stream: BinaryIO, name: str) -> Events:
    """The same from Parquet, with its own types.

    Raises:
        EvaluationFileError: torn, or without the columns that are needed.
    """
    try:
        frame = pq.read_table(stream).to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise EvaluationFileError(f"{name} is not a Parquet file that can be read.") from error
    return events_of(frame, name)
