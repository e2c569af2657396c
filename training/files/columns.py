"""The columns of a table of interactions, under the names that exports give them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from training.files.events import EvaluationFileError, Events, FileIds, texts_to_ids

_NAMES = {
    "user": ("user", "user_id", "userid", "customer", "customer_id"),
    "item": ("item", "item_id", "itemid", "product", "product_id", "movie", "movie_id", "movieid"),
    "value": ("value", "rating", "weight", "count"),
    "timestamp": ("timestamp", "time", "event_time", "datetime", "date"),
    "event": ("event", "event_type", "type", "behavior", "behaviour"),
}
_BY_NAME = {name: column for column, names in _NAMES.items() for name in names}
# Later than the year 5000 in seconds: then it is milliseconds.
_MILLISECONDS_FROM = 1e11


def name_of(header: str) -> str:
    """Our name of a column; what we do not know stays as it is."""
    plain = header.strip().strip('"').lower().replace(" ", "_")
    return _BY_NAME.get(plain, plain)


def events_of(frame: pd.DataFrame, name: str) -> Events:
    """Interactions from columns user and item, and timestamp where there is one.

    Raises:
        EvaluationFileError: a column is missing or twice there, or a cell that matters is empty or no number.
    """
    given = ", ".join(map(str, frame.columns))
    frame = frame.rename(columns=lambda header: name_of(str(header)))
    for column in ("user", "item"):
        if column not in frame.columns:
            raise EvaluationFileError(
                f"{name} has no column {column}; it has {given}.",
                hint=f"Names understood: {', '.join(_NAMES[column])}.",
            )
    known = [column for column in frame.columns if column in _NAMES]
    if len(known) != len(set(known)):
        raise EvaluationFileError(f"{name} has two columns that mean the same; it has {given}.")
    if "value" in frame.columns:
        _check_numbers(frame["value"], name)
    time = _seconds(frame["timestamp"], name) if "timestamp" in frame.columns else None
    return Events(ids_of(frame["user"], "user", name), ids_of(frame["item"], "item", name), time)


def ids_of(column: pd.Series, which: str, name: str) -> FileIds:
    """[n] what a column calls things by; no cell may be empty. `which` and `name` are for the message."""
    if pd.api.types.is_integer_dtype(column.dtype) and not column.hasnans:
        return column.to_numpy(dtype=np.int64)
    if pd.api.types.is_float_dtype(column.dtype):
        raise EvaluationFileError(
            f"Column {which} of {name} holds numbers with a fraction or gaps; ids are whole numbers or texts."
        )
    missing = column.isna() | (column.astype(str) == "")
    if missing.any():
        raise EvaluationFileError(f"Row {first_row(missing)} of {name} has no {which}.")
    return texts_to_ids(column.astype(str).to_numpy(dtype=np.str_))


def _check_numbers(column: pd.Series, name: str) -> None:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = pd.Series(~np.isfinite(numbers))
    if wrong.any():
        raise EvaluationFileError(
            f"Row {first_row(wrong)} of {name} has a value that is no number, NaN or infinite."
        )


def _seconds(column: pd.Series, name: str) -> npt.NDArray[np.float64]:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _elapsed(pd.to_datetime(column, utc=True), name)
    numbers = (
        column if pd.api.types.is_numeric_dtype(column.dtype) else pd.to_numeric(column, errors="coerce")
    )
    if pd.api.types.is_numeric_dtype(numbers.dtype) and numbers.notna().all():
        seconds = numbers.to_numpy(dtype=np.float64)
        if np.isfinite(seconds).all():
            return np.asarray(
                np.where(np.abs(seconds) >= _MILLISECONDS_FROM, seconds / 1000, seconds), np.float64
            )
    return _elapsed(pd.to_datetime(column, format="ISO8601", utc=True, errors="coerce"), name)


def _elapsed(moments: pd.Series, name: str) -> npt.NDArray[np.float64]:
    if moments.isna().any():
        raise EvaluationFileError(
            f"Row {first_row(moments.isna())} of {name} has a timestamp that cannot be read.",
            hint="Timestamps are ISO 8601, or seconds or milliseconds since 1970.",
        )
    elapsed = (moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    return np.asarray(elapsed, dtype=np.float64)


def first_row(wrong: pd.Series) -> int:
    """Number of the first row that is wrong; 1 is the first under the header."""
    return int(np.argmax(wrong.to_numpy(dtype=np.bool_))) + 1
