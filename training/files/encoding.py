"""Columns of a table as features: what kind a column is, its content says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from recolake.ranking.describe import ISO, Column, ColumnKind

Words = npt.NDArray[np.str_]
# Of numbers with more values than this the size matters, of fewer each value alone (codes).
_MOST_CODES = 32
_KNOTS = 10
# A feature of fewer tells nothing of others.
_FEWEST = 3
# A word of more than this share of all rows tells nothing either.
_LARGEST_SHARE = 0.5
_FLAGS = frozenset({"0", "1", "true", "false", ""})
_SET = frozenset({"1", "true"})
_DATES = (ISO, "%d-%b-%Y", "%d/%m/%Y", "%m/%d/%Y")
_MOST_MISREAD = 0.05


@dataclass(frozen=True)
class Part:
    """One column, or all of flags together: `matrix` [n, F] with rows of length 1, or 0 where it is empty.

    `column` makes the same of one row that comes later; a test compares the two.
    """

    names: tuple[str, ...]
    matrix: sp.csr_matrix
    category: bool
    column: Column


def parts(frame: pd.DataFrame) -> list[Part]:
    """Flags together; numbers and dates by knots at their quantiles; categories; words of texts.

    Links and columns whose values nobody shares are left out, and so are empty cells.
    """
    texts = {str(name): _texts(frame[name]) for name in frame.columns}
    flags = {name: column for name, column in texts.items() if _is_flag(column)}
    found = [_flags(flags)] if flags else []
    for name, column in texts.items():
        if name not in flags:
            found.append(_column(name, column))
    return [part for part in found if part.names]


def _texts(column: pd.Series) -> pd.Series:
    """Lower case; several values of one cell, where it is a list, separated by |."""
    lists = column.map(lambda cell: isinstance(cell, list | tuple | np.ndarray))
    if lists.any():
        column = column.map(lambda cell: "|".join(map(str, cell)) if np.ndim(cell) else cell)
    return column.astype(object).where(column.notna(), "").astype(str).str.strip().str.lower()


def _is_flag(column: pd.Series) -> bool:
    values = set(column.unique())
    return values <= _FLAGS and len(values - {""}) == 2


def _flags(columns: dict[str, pd.Series]) -> Part:
    matrix = np.stack([column.isin(_SET).to_numpy() for column in columns.values()], axis=1)
    names = tuple(columns)
    column = Column(kind=ColumnKind.FLAGS, labels=names)
    return Part(names, _unit(sp.csr_matrix(matrix, dtype=np.float32)), category=True, column=column)


def _column(name: str, column: pd.Series) -> Part:
    there = column != ""
    if column.str.startswith("http").sum() > _MOST_MISREAD * len(column):
        nothing = Column(kind=ColumnKind.WORDS, name=name)
        return Part((), sp.csr_matrix((len(column), 0)), category=False, column=nothing)
    numbers = _numbers(column, there)
    if numbers is not None:
        return _by_size(name, *numbers)
    values = column.str.split("|")
    found = _bag(name, values, 1.0, ColumnKind.VALUES)
    counted = values[there].explode()
    if counted.nunique() <= max(_MOST_CODES, len(counted) // _FEWEST**2):
        return replace(found, category=True)
    words = column.str.findall(r"\w+")
    return _bag(name, words, _LARGEST_SHARE, ColumnKind.WORDS)


def _numbers(column: pd.Series, there: pd.Series) -> tuple[npt.NDArray[np.float64], str | None] | None:
    """[n] numbers or years, NaN where there is none, and of years how dates are written; None where the
    column holds neither, or codes."""
    if column[there].nunique() <= _MOST_CODES:
        return None
    allowed = _MOST_MISREAD * there.sum()
    numbers = pd.to_numeric(column, errors="coerce").astype(np.float64)
    if numbers[there].isna().sum() <= allowed:
        return np.asarray(numbers.where(np.isfinite(numbers)), dtype=np.float64), None
    for form in _DATES:
        moments = pd.to_datetime(column, format=form, errors="coerce", utc=True)
        if moments[there].isna().sum() <= allowed:
            return np.asarray(moments.dt.year + moments.dt.dayofyear / 366, dtype=np.float64), form
    return None


def _by_size(name: str, numbers: npt.NDArray[np.float64], form: str | None) -> Part:
    """A number lies between two knots, and is as much of each as it is near; knots lie at the quantiles."""
    known = np.flatnonzero(~np.isnan(numbers))
    knots = np.unique(np.quantile(numbers[known], np.linspace(0, 1, _KNOTS)))
    places = np.interp(numbers[known], knots, np.arange(len(knots)))
    low = np.minimum(places.astype(np.int64), max(len(knots) - 2, 0))
    share = places - low
    high = np.minimum(low + 1, len(knots) - 1)
    data = np.concatenate([1 - share, share])
    where = (np.tile(known, 2), np.concatenate([low, high]))
    matrix = sp.csr_matrix((data, where), shape=(len(numbers), len(knots)), dtype=np.float32)
    matrix.eliminate_zeros()
    column = Column(kind=ColumnKind.SIZE, name=name, knots=tuple(knots.tolist()), form=form)
    return Part(tuple(f"{name}={knot:g}" for knot in knots), _unit(matrix), category=False, column=column)


def _bag(name: str, values: pd.Series, largest_share: float, kind: ColumnKind) -> Part:
    """Each value once a row; those of too few or too many rows are left out."""
    exploded = values.explode().dropna()
    exploded = exploded[exploded != ""]
    rows, words = exploded.index.to_numpy(), exploded.to_numpy(dtype=np.str_)
    distinct, codes = np.unique(words, return_inverse=True) if len(words) else (words, np.zeros(0, np.int64))
    matrix = sp.csr_matrix(
        (np.ones(len(codes), np.float32), (rows, codes)), shape=(len(values), len(distinct))
    )
    matrix.sum_duplicates()
    matrix.data[:] = 1
    counts = np.bincount(matrix.indices, minlength=len(distinct))
    kept = np.flatnonzero((counts >= _FEWEST) & (counts <= largest_share * len(values)))
    column = Column(kind=kind, name=name, labels=tuple(distinct[kept].tolist()))
    return Part(_named(name, distinct[kept]), _unit(matrix[:, kept]), category=False, column=column)


def _named(name: str, values: Words) -> tuple[str, ...]:
    texts: Sequence[str] = values.tolist()
    return tuple(f"{name}={value}" for value in texts)


def _unit(matrix: sp.csr_matrix) -> sp.csr_matrix:
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1), dtype=np.float64).ravel())
    return (sp.diags(1 / np.where(length > 0, length, 1.0)) @ matrix).tocsr().astype(np.float32)
