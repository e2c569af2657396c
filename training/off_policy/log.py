"""A log of a policy: which action was shown in which situation, with what chance, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from recolake.ranking.items import IntArray
from training.evaluation.metrics import Values
from training.files.columns import first_row, ids_of
from training.files.read import read_table
from training.off_policy.errors import BanditLogError

# Joins the columns of one key; no export writes it into a cell.
SEPARATOR = "\x1f"
CONTEXT, POSITION = "context", "position"


@dataclass(frozen=True)
class Columns:
    """What the columns of a log, and of a policy file, are called.

    Attributes:
        context: together they are the situation that both policies may look at; () is one situation for all
            rows, None the column `context` where there is one.
        position: place in the list; "" is one place for all rows, None the column `position` where there
            is one.
        unit: rows of one unit (a list, a visitor) are not independent; None where every row is.
    """

    context: tuple[str, ...] | None = None
    action: str = "action"
    position: str | None = None
    reward: str = "reward"
    propensity: str = "propensity"
    unit: str | None = None

    @property
    def contexts(self) -> tuple[str, ...]:
        return self.context or ()

    @property
    def situation(self) -> tuple[str, ...]:
        """The columns that a policy's choice may depend on."""
        return (*self.contexts, self.position) if self.position else self.contexts

    def settled(self, header: Collection[str]) -> Columns:
        """With a context and a position, or without, as the table has them."""
        context = (CONTEXT,) if CONTEXT in header else ()
        position = POSITION if POSITION in header else ""
        return replace(
            self,
            context=context if self.context is None else self.context,
            position=position if self.position is None else self.position,
        )


@dataclass(frozen=True)
class Coded:
    """A column as numbers: row n holds `names[codes[n]]`; every name occurs."""

    codes: IntArray
    names: tuple[str, ...]


@dataclass(frozen=True)
class BanditLog:
    """Rows of a log, all arrays [n].

    Attributes:
        action, context, position: as in the file; one context or position where the file has none.
        cell: [n] which pair of context and position; `cell_context` and `cell_position` [C] are the pair.
        propensity: chance in (0, 1] with which the logging policy chose this action, at this position.
        unit: [n] independent unit, 0..U-1.
        given: [n] the evaluated policy's chance of the logged action, where a column of the log holds it.
    """

    columns: Columns
    action: Coded
    context: Coded
    position: Coded
    cell: IntArray
    cell_context: IntArray
    cell_position: IntArray
    reward: Values
    propensity: Values
    unit: IntArray
    given: Values | None = None

    def __len__(self) -> int:
        return len(self.reward)

    @property
    def units(self) -> int:
        return int(self.unit.max()) + 1

    @property
    def situations(self) -> list[str]:
        """[C] key of each cell, as `situations_of` makes it of a table."""
        parts = (
            [np.array(self.context.names, dtype=object)[self.cell_context]] if self.columns.contexts else []
        )
        if self.columns.position:
            parts.append(np.array(self.position.names, dtype=object)[self.cell_position])
        return [SEPARATOR.join(row) for row in zip(*parts, strict=True)] or [""]


def read_log(path: Path, columns: Columns, given: str | None = None) -> BanditLog:
    """A log from a CSV or Parquet file; `given` names the column of the evaluated policy's chances.

    Raises:
        EvaluationFileError: the file is missing, empty, or lacks a column.
        BanditLogError: a reward that is no number, a propensity or chance outside its range, an empty action,
            or fewer than two units.
    """
    needed = [*columns.situation, columns.action, columns.reward, columns.propensity]
    needed += [column for column in (columns.unit, given) if column]
    return log_of(read_table(path, needed, [CONTEXT, POSITION]), columns, path.name, given)


def log_of(frame: pd.DataFrame, columns: Columns, name: str, given: str | None = None) -> BanditLog:
    """The same from a table; `name` is what messages call it."""
    columns = columns.settled(frame.columns)
    context = coded(situations_of(frame, columns.contexts))
    position = coded(ids_text(frame, columns.position, name)) if columns.position else _one(len(frame))
    width = len(position.names)
    cell, pairs = pd.factorize(context.codes * width + position.codes)
    if columns.unit:
        unit = np.asarray(pd.factorize(frame[columns.unit].astype(str))[0], dtype=np.int64)
    else:
        unit = np.arange(len(frame))
    log = BanditLog(
        columns=columns,
        action=coded(ids_text(frame, columns.action, name)),
        context=context,
        position=position,
        cell=np.asarray(cell, dtype=np.int64),
        cell_context=np.asarray(pairs // width, dtype=np.int64),
        cell_position=np.asarray(pairs % width, dtype=np.int64),
        reward=numbers(frame[columns.reward], "reward", name),
        propensity=_propensities(frame[columns.propensity], name),
        unit=unit,
        given=None if given is None else chances(frame[given], f"probability ({given})", name),
    )
    if log.units < 2:
        raise BanditLogError(
            f"{name} holds one {'unit' if columns.unit else 'row'} only; an interval needs at least two."
        )
    return log


def situations_of(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """[n] one text for the content of some columns; an empty cell is a content like any other."""
    if not columns:
        return pd.Series([""] * len(frame), dtype=object)
    first, *others = (frame[c].astype(str).where(frame[c].notna(), "") for c in columns)
    for other in others:
        first = first + SEPARATOR + other
    return first


def ids_text(frame: pd.DataFrame, column: str, name: str) -> pd.Series:
    """[n] ids as texts, so that a number in Parquet is the same action as its digits in CSV."""
    return pd.Series(ids_of(frame[column], column, name)).astype(str)


def coded(texts: pd.Series) -> Coded:
    """Numbers in the order of first occurrence."""
    codes, names = pd.factorize(texts)
    return Coded(np.asarray(codes, dtype=np.int64), tuple(map(str, names)))


def numbers(column: pd.Series, which: str, name: str) -> Values:
    """[n] finite numbers.

    Raises:
        BanditLogError: a cell is empty, NaN, infinite or no number.
    """
    found = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = pd.Series(~np.isfinite(found))
    if wrong.any():
        row = first_row(wrong)
        raise BanditLogError(
            f"Row {row} of {name} has the {which} {_shown(column, row)}, which is no number."
        )
    return np.asarray(found, dtype=np.float64)


def chances(column: pd.Series, which: str, name: str) -> Values:
    """[n] numbers from 0 to 1.

    Raises:
        BanditLogError: a cell is none.
    """
    found = numbers(column, which, name)
    wrong = pd.Series((found < 0) | (found > 1))
    if wrong.any():
        row = first_row(wrong)
        raise BanditLogError(
            f"Row {row} of {name} has the {which} {_shown(column, row)}, which is not from 0 to 1."
        )
    return found


def _propensities(column: pd.Series, name: str) -> Values:
    found = numbers(column, "propensity", name)
    wrong = pd.Series((found <= 0) | (found > 1))
    if wrong.any():
        row = first_row(wrong)
        raise BanditLogError(
            f"Row {row} of {name} has the propensity {_shown(column, row)}; what was shown had a "
            "chance above 0 and at most 1.",
            hint="The propensity is the chance with which the logging policy chose this action here.",
        )
    return found


def _shown(column: pd.Series, row: int) -> str:
    cell = column.iloc[row - 1]
    return str(cell) if str(cell) else "(empty)"


def _one(rows: int) -> Coded:
    return Coded(np.zeros(rows, dtype=np.int64), ("",))
