"""What reward to expect of an action in a situation: means that are shrunk as much as the data ask for.

The expectation is the mean reward plus effects of position, action, both together, context, and context and
action together. Each effect is the mean of what the effects before it leave over, shrunk by its credibility
n a / (n a + s^2): n rows, variance a between the groups and s^2 within them, both estimated from the rows
(Buehlmann and Straub 1970). So an effect that is not there, or that has too few rows to show, comes out as 0,
and there is nothing to tune.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recolake.ranking.items import IntArray
from training.evaluation.metrics import Values
from training.off_policy.log import BanditLog
from training.off_policy.policy import Table

# Actions looked at in one step: 8 MiB a temporary array.
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Situations:
    """Context, position and action, each [n]; keys of two of them count to `actions` a context."""

    context: IntArray
    position: IntArray
    action: IntArray
    actions: int

    def take(self, rows: IntArray) -> Situations:
        return Situations(self.context[rows], self.position[rows], self.action[rows], self.actions)

    def groups(self) -> tuple[IntArray, ...]:
        """[n] each: the groups of every effect, the coarse ones first."""
        return (
            self.position,
            self.action,
            self.position * self.actions + self.action,
            self.context,
            self.context * self.actions + self.action,
        )


@dataclass(frozen=True)
class Effect:
    """Sorted keys of groups, and what each adds to the expected reward; other groups add nothing."""

    keys: IntArray
    added: Values

    def of(self, keys: IntArray) -> Values:
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        found: Values = np.where(self.keys[place] == keys, self.added[place], 0.0)
        return found


@dataclass(frozen=True)
class RewardModel:
    """Expected rewards lie within `bounds`, the least and the largest reward seen."""

    mean: float
    effects: Sequence[Effect]
    bounds: tuple[float, float]

    def expect(self, situations: Situations) -> Values:
        """[n] rewards."""
        found = np.full(len(situations.action), self.mean)
        for effect, keys in zip(self.effects, situations.groups(), strict=True):
            found += effect.of(keys)
        return np.asarray(np.clip(found, *self.bounds), dtype=np.float64)


@dataclass(frozen=True)
class Expectations:
    """What the model expects in each row of a log, [n].

    Attributes:
        logged: of the action that was logged.
        policy: of the action that the evaluated policy would draw.
    """

    logged: Values
    policy: Values


def fit(situations: Situations, reward: Values) -> RewardModel:
    """From at least one row."""
    mean = float(reward.mean())
    left, effects = reward - mean, []
    for keys in situations.groups():
        effect = _shrunk(keys, left)
        effects.append(effect)
        left = left - effect.of(keys)
    return RewardModel(mean, tuple(effects), (float(reward.min()), float(reward.max())))


def logged_situations(log: BanditLog, table: Table) -> Situations:
    """The log's own rows, with room for the actions that the policy alone knows."""
    return Situations(log.context.codes, log.position.codes, log.action.codes, table.chances.shape[1])


def expect(model: RewardModel, log: BanditLog, table: Table, rows: IntArray) -> Expectations:
    """Of these rows of the log, in their order."""
    cells, of_row = np.unique(log.cell[rows], return_inverse=True)
    logged = model.expect(logged_situations(log, table).take(rows))
    return Expectations(logged, _under_policy(model, log, table, cells)[of_row])


def _under_policy(model: RewardModel, log: BanditLog, table: Table, cells: IntArray) -> Values:
    """[c] mean over the policy's draws in each of these cells."""
    lengths = np.diff(table.chances.indptr)[table.group[cells]]
    blocks = np.flatnonzero(np.diff(np.cumsum(lengths) // _BLOCK, prepend=-1))
    found = []
    for start, stop in zip(blocks, [*blocks[1:], len(cells)], strict=True):
        part = cells[start:stop]
        chances = table.chances[table.group[part]]
        owner = np.repeat(np.arange(len(part)), np.diff(chances.indptr))
        drawn = Situations(
            log.cell_context[part][owner],
            log.cell_position[part][owner],
            chances.indices.astype(np.int64),
            table.chances.shape[1],
        )
        found.append(np.bincount(owner, chances.data * model.expect(drawn), minlength=len(part)))
    return np.concatenate(found)


def _shrunk(keys: IntArray, left: Values) -> Effect:
    groups, of_row, rows = np.unique(keys, return_inverse=True, return_counts=True)
    mean = np.bincount(of_row, left) / rows
    spare = len(left) - len(groups)
    if spare == 0:  # no group has two rows: nothing tells an effect from noise
        return Effect(groups, np.zeros(len(groups)))
    within = max(float(left @ left - rows @ mean**2), 0.0) / spare
    between = max(float(rows @ mean**2) - len(groups) * within, 0.0) / len(left)
    weight = rows * between
    return Effect(
        groups, mean * np.divide(weight, weight + within, out=np.zeros(len(groups)), where=weight > 0)
    )
