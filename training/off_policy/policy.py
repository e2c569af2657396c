"""The policy to evaluate: chances of actions in each situation, from a file or uniform."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recolake.ranking.items import IntArray
from training.evaluation.metrics import Values
from training.files.read import read_table
from training.off_policy.errors import BanditLogError, PolicyError
from training.off_policy.log import SEPARATOR, BanditLog, Columns, chances, ids_text, situations_of

UNIFORM = "uniform"
COLUMN_PREFIX = "column:"
PROBABILITY = "probability"
# Files hold rounded chances; what is left of 1 after rounding is shared out in proportion.
_ROUNDING = 1e-3


@dataclass(frozen=True)
class Table:
    """Chances of every action in every cell of a log.

    Attributes:
        chances: [G, A] sparse; A counts the log's actions first, then those that the policy alone knows.
        group: [C] row of `chances` for each cell of the log.
    """

    chances: sp.csr_matrix
    group: IntArray

    def of_logged(self, log: BanditLog) -> Values:
        """[n] chance of the action that was logged."""
        found = self.chances[self.group[log.cell], log.action.codes]
        return np.asarray(found, dtype=np.float64).ravel()

    def logged_mass(self, log: BanditLog) -> Values:
        """[C] chance that the policy takes an action that the log holds at this position."""
        known = np.zeros((len(log.position.names), self.chances.shape[1]))
        known[log.cell_position[log.cell], log.action.codes] = 1
        mass = self.chances @ known.T  # [G, P]
        return np.asarray(mass[self.group, log.cell_position], dtype=np.float64)


def uniform(log: BanditLog) -> Table:
    """Every action of the log with the same chance, in every situation."""
    actions = len(log.action.names)
    return Table(sp.csr_matrix(np.full((1, actions), 1 / actions)), np.zeros(len(log.cell_context), np.int64))


def as_shown(log: BanditLog, shown: BanditLog) -> Table:
    """Every action, at each position, as often as another log shows it, whatever the context.

    So it is the policy of that log, averaged over contexts and time; its rewards are not looked at.

    Raises:
        PolicyError: the log has a position that the other one lacks.
    """
    table = pd.DataFrame(
        {
            "position": np.array(shown.position.names, dtype=object)[shown.position.codes],
            "action": np.array(shown.action.names, dtype=object)[shown.action.codes],
        }
    ).value_counts()
    chance = (table / table.groupby("position").transform("sum")).rename(PROBABILITY).reset_index()
    names = {"action": log.columns.action, "position": log.columns.position}
    return policy_of(chance.rename(columns=names), log, "what was shown")


def read_policy(path: Path, log: BanditLog) -> Table:
    """A table with the log's columns of action and, where the policy looks at them, context and position.

    A column `probability` holds the chances; without one each situation has one row, its action.

    Raises:
        EvaluationFileError: the file is missing, empty, or lacks the action or a part of the context.
        PolicyError: a chance is none, chances of a situation do not add up to 1, an action is twice
            there, or a situation of the log is missing.
    """
    columns = log.columns
    frame = read_table(path, [columns.action], [*columns.situation, PROBABILITY])
    return policy_of(frame, log, path.name)


def policy_of(frame: pd.DataFrame, log: BanditLog, name: str) -> Table:
    """The same from a table; `name` is what messages call it."""
    used = _looked_at(frame, log.columns, name)
    groups, group_names = pd.factorize(situations_of(frame, used))
    actions, all_actions = _action_codes(ids_text(frame, log.columns.action, name), log)
    chance = _chances(frame, name)
    repeated = pd.Series(groups * all_actions + actions).duplicated()
    if repeated.any():
        row = int(np.argmax(repeated.to_numpy())) + 1
        raise PolicyError(
            f"Row {row} of {name} repeats an action of the same situation.",
            hint=f"Situations differ by {', '.join(used) or 'nothing'} here: what file and log both have.",
        )
    shape = (len(group_names), all_actions)
    table = sp.csr_matrix((chance, (groups, actions)), shape=shape)
    total = np.asarray(table.sum(axis=1)).ravel()
    wrong = np.abs(total - 1) > _ROUNDING
    if wrong.any():
        first = int(np.argmax(wrong))
        situation = _told(used, group_names[first])
        raise PolicyError(
            f"The chances in {name} for {situation} add up to {total[first]:.6g}, not 1.",
            hint=f"A file without a column {PROBABILITY} names one action for each situation.",
        )
    scaled = sp.csr_matrix(sp.diags(1 / total) @ table)
    return Table(scaled, _groups_of_cells(pd.Index(group_names), used, log, name))


def _chances(frame: pd.DataFrame, name: str) -> Values:
    """[E] of each row; without a column of chances every row is the one action of its situation."""
    if PROBABILITY not in frame.columns:
        return np.ones(len(frame))
    try:
        return chances(frame[PROBABILITY], PROBABILITY, name)
    except BanditLogError as error:
        raise PolicyError(error.message) from None


def _looked_at(frame: pd.DataFrame, columns: Columns, name: str) -> tuple[str, ...]:
    """The situation columns that the policy has: of the context all or none."""
    context = [column for column in columns.contexts if column in frame.columns]
    if context and len(context) < len(columns.contexts):
        lacking = next(column for column in columns.contexts if column not in frame.columns)
        raise PolicyError(f"{name} has a part of the context, but no column {lacking}.")
    return tuple(column for column in columns.situation if column in frame.columns)


def _action_codes(texts: pd.Series, log: BanditLog) -> tuple[IntArray, int]:
    """[E] number of each action, those that the log lacks after its own; and how many there are in all."""
    known = pd.Index(log.action.names)
    alone = pd.Index(texts.unique()).difference(known)
    every = known.append(alone)
    return np.asarray(every.get_indexer(pd.Index(texts)), dtype=np.int64), len(every)


def _groups_of_cells(names: pd.Index, used: tuple[str, ...], log: BanditLog, name: str) -> IntArray:
    columns = log.columns
    if used == columns.situation:
        wanted = log.situations
    elif not used:
        wanted = [""] * len(log.cell_context)
    elif used == columns.contexts:
        wanted = [log.context.names[context] for context in log.cell_context]
    else:
        wanted = [log.position.names[position] for position in log.cell_position]
    found = names.get_indexer(pd.Index(wanted))
    if (found < 0).any():
        lacking = wanted[int(np.argmax(found < 0))]
        raise PolicyError(
            f"{name} says nothing of {_told(used, lacking)}, which the log holds.",
            hint="A policy has rows for every situation of the log, or no column for what it does not see.",
        )
    return np.asarray(found, dtype=np.int64)


def _told(used: tuple[str, ...], key: object) -> str:
    if not used:
        return "every situation"
    return ", ".join(f"{c} {v}" for c, v in zip(used, str(key).split(SEPARATOR), strict=True))
