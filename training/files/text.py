"""Interactions in text files without a header: ratings, sequences, and published negatives."""

from __future__ import annotations

import numpy as np

from training.files.columns import name_of
from training.files.events import EvaluationFileError, Events, Negatives, texts_to_ids

_RATING_FIELDS = (3, 4)


def header_of(text: str) -> str | None:
    """The delimiter, where the first line is a header that names a user and an item column, or would be one.

    Commas and semicolons occur in no other format, so that such a file is a table, if perhaps a wrong one.
    """
    first = _first_line(text)
    for delimiter in (",", ";", "\t"):
        fields = [name_of(field) for field in first.split(delimiter)]
        if {"user", "item"} & set(fields) and len(fields) > 1:
            return delimiter
    if first.startswith("("):
        return None
    return next((delimiter for delimiter in (",", ";") if delimiter in first), None)


def read_text(text: str, name: str) -> Events:
    """Tab-separated rows of 3 or 4 fields are `user item rating [timestamp]`; anything else is sequences.

    A line of a sequence is a user and its items in the order of time, or, one after the other, its next one.

    Raises:
        EvaluationFileError: a line with a user alone, or a timestamp that is no number.
    """
    if _first_line(text).startswith("("):
        raise EvaluationFileError(
            f"{name} is a list of negatives.",
            hint="Give it with --negatives, and the held-out items with --test.",
        )
    separator = "\t" if "\t" in _first_line(text) else None
    rows = [fields for line in text.splitlines() if (fields := line.split(separator)) and line.strip()]
    lengths = np.fromiter((len(fields) for fields in rows), dtype=np.int64, count=len(rows))
    if lengths.min() < 2:
        line = int(np.argmin(lengths)) + 1
        raise EvaluationFileError(f"Line {line} of {name} names a user but no item.")
    if separator and len(rows) and lengths.min() == lengths.max() and lengths[0] in _RATING_FIELDS:
        return _ratings(rows, name)
    owner = np.array([fields[0] for fields in rows], dtype=np.str_)
    item = np.array([field for fields in rows for field in fields[1:]], dtype=np.str_)
    return Events(texts_to_ids(np.repeat(owner, lengths - 1)), texts_to_ids(item), ordered=True)


def read_negative_lines(text: str, name: str) -> Negatives:
    """See `training.files.read.read_negatives`."""
    rows = [line.split("\t") for line in text.splitlines() if line.strip()]
    if not all(fields[0].startswith("(") and fields[0].endswith(")") and "," in fields[0] for fields in rows):
        raise EvaluationFileError(f"{name} has a line that does not begin with a (user,item) pair.")
    pairs = [fields[0][1:-1].rpartition(",") for fields in rows]
    lengths = np.array([len(fields) - 1 for fields in rows], dtype=np.int64)
    if lengths.min() < 1:
        raise EvaluationFileError(f"Line {int(np.argmin(lengths)) + 1} of {name} has no negatives.")
    return Negatives(
        user=texts_to_ids(np.array([user for user, _, _ in pairs], dtype=np.str_)),
        positive=texts_to_ids(np.array([item for _, _, item in pairs], dtype=np.str_)),
        owner=np.repeat(np.arange(len(rows), dtype=np.int64), lengths),
        item=texts_to_ids(np.array([item for fields in rows for item in fields[1:]], dtype=np.str_)),
    )


def _ratings(rows: list[list[str]], name: str) -> Events:
    columns = np.array(rows, dtype=np.str_)
    try:
        numbers = columns[:, 2:].astype(np.float64)
    except ValueError:
        raise EvaluationFileError(
            f"{name} has rows of {columns.shape[1]} fields that do not end in rating and timestamp."
        ) from None
    if not np.isfinite(numbers).all():
        raise EvaluationFileError(f"{name} holds values that are NaN or infinite.")
    time = numbers[:, 1] if numbers.shape[1] == 2 else None
    return Events(texts_to_ids(columns[:, 0]), texts_to_ids(columns[:, 1]), time)


def _first_line(text: str) -> str:
    return text.lstrip().partition("\n")[0].rstrip("\r")
