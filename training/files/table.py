"""Tables in CSV and Parquet files: of interactions, or with the columns that the caller names."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from training.files.columns import events_of
from training.files.events import EvaluationFileError, Events

# Of the names that a table has, those that are wanted.
Choice = Callable[[Sequence[str]], list[str]]


def read_csv(text: str, delimiter: str, name: str) -> Events:
    """A header, then rows. Cells are taken as they stand: NA is an id like any other.

    Raises:
        EvaluationFileError: no table, or one without the columns that are needed.
    """
    return events_of(csv_frame(text, delimiter, name), name)


def read_parquet(stream: BinaryIO, name: str) -> Events:
    """The same from Parquet, with its own types.

    Raises:
        EvaluationFileError: torn, or without the columns that are needed.
    """
    return events_of(parquet_frame(stream, name), name)


def csv_frame(text: str, delimiter: str, name: str, choose: Choice = list) -> pd.DataFrame:
    """The chosen columns, every cell the text that it is."""
    try:
        header = pd.read_csv(io.StringIO(text), sep=delimiter, dtype=str, nrows=0)
        columns = choose([str(column) for column in header.columns])
        return pd.read_csv(
            io.StringIO(text),
            sep=delimiter,
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            usecols=lambda column: column in columns,
        )
    except (ValueError, pd.errors.ParserError) as error:
        raise EvaluationFileError(f"{name} is not a CSV file that can be read: {error}.") from error


def parquet_frame(stream: BinaryIO, name: str, choose: Choice = list) -> pd.DataFrame:
    """The chosen columns, with the types of the file."""
    try:
        columns = choose(pq.read_schema(stream).names)
        stream.seek(0)
        frame: pd.DataFrame = pq.read_table(stream, columns=columns).to_pandas()
        return frame
    except (pa.ArrowException, OSError) as error:
        raise EvaluationFileError(f"{name} is not a Parquet file that can be read.") from error
