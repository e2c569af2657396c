"""Networks and what they know of the items of a catalogue, ready to judge candidates.

What is told of an item alone is scaled once, of a person once for all their candidates, and of what a person
had once for each of it.
"""

from __future__ import annotations

import numpy as np

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from recolake.ranking.second_stage.catalogue import Catalogue
from recolake.ranking.second_stage.features import FEATURES, Columns, Measured
from recolake.ranking.second_stage.networks import Networks

# Facts of more items are not kept twice.
_MOST_KEPT = 250_000


class Judge:
    """Safe to share between threads."""

    def __init__(self, networks: Networks, catalogue: Catalogue) -> None:
        self._networks = networks
        self._catalogue = catalogue
        self._numbers = range(len(FEATURES), len(FEATURES) + len(catalogue.names))
        self._facts = self._scaled(catalogue.facts) if len(catalogue.facts) <= _MOST_KEPT else None

    def odds(self, measured: Measured, depth: int) -> FloatArray:
        """[U, D] log odds of being taken.

        Args:
            depth: at least D; so many are judged of everybody, so that all are summed in one order.
        """
        scaling = self._networks.scaling
        users, count = measured.rows.shape
        table = np.zeros((users, depth, scaling.width), dtype=np.float32)
        flat = table[:, :count]
        # What holds of all candidates of a person, and then what differs.
        rows = np.zeros((users, scaling.width), dtype=np.float32)
        columns, people = self._some(measured.people)
        rows[:, columns] = people
        columns, entries = self._some(measured.entries)
        rows[:, columns] = entries[-1]
        flat[:] = rows[:, None]
        user, candidate = np.nonzero(measured.own >= 0)
        flat[user[:, None], candidate[:, None], columns] = entries[measured.own[user, candidate]]
        columns, nothing = self._some({name: np.zeros(1) for name in measured.near})
        flat[:, :, columns] = nothing[0]
        user, candidate = np.divmod(measured.met, count)
        flat[user[:, None], candidate[:, None], columns] = self._some(measured.near)[1]
        columns, pairs = self._some({name: each.ravel() for name, each in measured.pairs.items()})
        flat[:, :, columns] = pairs.reshape(users, count, -1)
        flat[:, :, scaling.columns(self._numbers)] = self._of_items(measured.rows)
        return self._networks.odds(table)[:, :count]

    def _some(self, features: Columns) -> tuple[list[int], FloatArray]:
        """Places in a scaled row, and [n, places] what stands there."""
        numbers, scaling = [FEATURES.index(name) for name in features], self._networks.scaling
        return scaling.columns(numbers), scaling.some(numbers, list(features.values()))

    def _of_items(self, rows: IntArray) -> FloatArray:
        """[U, D, places] of facts."""
        if self._facts is not None:
            return self._facts.take(rows, axis=0)
        return self._scaled(self._catalogue.facts[rows.ravel()]).reshape(*rows.shape, -1)

    def _scaled(self, facts: FloatArray) -> FloatArray:
        return self._networks.scaling.some(self._numbers, list(facts.T))
