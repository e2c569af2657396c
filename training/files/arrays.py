"""Interactions in NumPy archives: a sparse matrix of scipy, or arrays named user and item."""

from __future__ import annotations

import zipfile
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from training.files.events import EvaluationFileError, Events, FileIds, texts_to_ids


def read_arrays(stream: BinaryIO, name: str) -> Events:
    """Row and column numbers are the ids of a matrix; entries that are zero are no interactions.

    Raises:
        EvaluationFileError: torn, neither of the two kinds, arrays of unequal length, or values that are NaN.
    """
    try:
        with np.load(stream, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files if key != "ambiguous_items"}
    except (ValueError, OSError, zipfile.BadZipFile, EOFError) as error:
        raise EvaluationFileError(f"{name} is not an .npz file that can be read.") from error
    if "shape" in arrays and "data" in arrays:
        stream.seek(0)
        return _of_matrix(stream, arrays["data"], name)
    if "user" in arrays and "item" in arrays:
        return _of_columns(arrays, name)
    raise EvaluationFileError(
        f"{name} holds the arrays {', '.join(sorted(arrays)) or 'none'}; a scipy sparse matrix, or arrays "
        "user and item, were expected."
    )


def _of_matrix(stream: BinaryIO, data: npt.NDArray[np.generic], name: str) -> Events:
    _check_values(data, name)
    try:
        matrix = sp.load_npz(stream).tocsr()
        matrix.check_format()
    except (ValueError, KeyError) as error:
        raise EvaluationFileError(f"{name} is not a sparse matrix that scipy can read.") from error
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    row = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    return Events(row, matrix.indices.astype(np.int64))


def _of_columns(arrays: dict[str, npt.NDArray[np.generic]], name: str) -> Events:
    user, item = (_ids(arrays[column], column, name) for column in ("user", "item"))
    if len(user) != len(item):
        raise EvaluationFileError(
            f"{name} has {len(user)} users but {len(item)} items; one row each is needed."
        )
    for column in ("rating", "value"):
        if column in arrays:
            _check_values(arrays[column], name)
    time = arrays.get("timestamp")
    if time is None:
        return Events(user, item)
    _check_values(time, name)
    if len(time) != len(user):
        raise EvaluationFileError(f"{name} has {len(user)} users but {len(time)} timestamps.")
    return Events(user, item, np.asarray(time, dtype=np.float64))


def _ids(column: npt.NDArray[np.generic], which: str, name: str) -> FileIds:
    if column.ndim == 1 and column.dtype.kind in "iu":
        return column.astype(np.int64)
    if column.ndim == 1 and column.dtype.kind == "U":
        return texts_to_ids(column.astype(np.str_))
    raise EvaluationFileError(f"The array {which} of {name} must be a column of whole numbers or texts.")


def _check_values(values: npt.NDArray[np.generic], name: str) -> None:
    if values.dtype.kind not in "iufb":
        raise EvaluationFileError(f"{name} holds values that are no numbers.")
    if not np.isfinite(values.astype(np.float64)).all():
        raise EvaluationFileError(f"{name} holds values that are NaN or infinite.")
