"""What a file says: who met which item, and, where it tells, when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from recolake.errors import InvalidInputError

# Ids stay what the file holds: whole numbers, or texts.
FileIds = npt.NDArray[np.int64] | npt.NDArray[np.str_]
# A number as an export writes it; "007" or "+7" are texts, for they would not come back as they were.
_LONGEST_NUMBER = 18


class EvaluationFileError(InvalidInputError):
    """A file of an evaluation cannot be used as it is; the message names it and says why."""

    code = "invalid_evaluation_file"


@dataclass(frozen=True)
class Events:
    """Rows of one file, in its order.

    Attributes:
        user, item: [n] ids.
        time: [n] seconds since 1970-01-01, UTC; None where the file has no times.
        ordered: the rows of one user stand in the order of time, though no times are given.
    """

    user: FileIds
    item: FileIds
    time: npt.NDArray[np.float64] | None = None
    ordered: bool = False

    def __len__(self) -> int:
        return len(self.user)


@dataclass(frozen=True)
class Negatives:
    """Candidates that are published beside a test set: row `owner[n]` of `user` is asked about `item[n]`.

    `positive` [U] is the held-out item that each line names.
    """

    user: FileIds
    positive: FileIds
    owner: npt.NDArray[np.int64]
    item: FileIds


def texts_to_ids(texts: npt.NDArray[np.str_]) -> FileIds:
    """Whole numbers where every one of the texts is one as it would be printed, else the texts."""
    if not len(texts) or texts.dtype.itemsize // 4 > _LONGEST_NUMBER:
        return texts
    bare = np.char.lstrip(texts, "-")
    if not np.char.isdecimal(bare).all():
        return texts
    try:
        numbers = texts.astype(np.int64)
    except ValueError:  # digits of another script
        return texts
    return numbers if (numbers.astype(texts.dtype) == texts).all() else texts


def common_kind(*columns: FileIds) -> list[FileIds]:
    """Columns of the same ids from several files: texts in all of them where one has texts."""
    if any(column.dtype.kind == "U" for column in columns):
        return [column.astype(np.str_) for column in columns]
    return list(columns)


def distinct(columns: Sequence[FileIds]) -> FileIds:
    """The ids of several columns of one kind, sorted, each once."""
    return cast(FileIds, np.unique(np.concatenate(columns)))
