"""Candidates of users as of a day, and everything that is known of each: the second stage decides on this."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions
from training.models.second_stage.first_stage import first_stage
from training.models.second_stage.history import Columns, Visits, of_items, of_pairs, of_users

# Models x users x items of one block of scores: 128 MiB.
_BLOCK_SCORES = 1 << 25


@dataclass(frozen=True)
class Candidates:
    """n candidates, those of one user after those of the other.

    Attributes:
        place: [n] whose: place among the users who were asked about, ascending.
        item: [n] ascending within a user, each once.
        features: [n, F] float32; NaN where there is nothing to measure.
    """

    place: IntArray
    item: IntArray
    features: FloatArray


class Scout:
    """Knows what was known on day `as_of`, and nothing else: what it finds follows from `past` alone.

    Attributes:
        features: names of the features, in their order.
    """

    features: tuple[str, ...]

    def __init__(self, past: Interactions, as_of: int, *, depth: int, again: bool, seed: int) -> None:
        """Each model proposes `depth` items; without `again`, none that the user had."""
        self._depth, self._taken = depth, None if again else past.taken
        self._stage = first_stage(past, as_of, seed)
        visits = Visits.of(past, as_of)
        self._items = of_items(past, as_of)
        self._users = of_users(past, visits, as_of, self._items["item people"])
        self._pairs = of_pairs(past, visits, as_of)
        self._known = np.bincount(past.item, minlength=past.shape[1]) > 0

    @property
    def items(self) -> int:
        return len(self._known)

    def blocks(self, users: IntArray) -> Iterator[IntArray]:
        """The users in parts whose scores fit the memory that is meant for them."""
        size = max(1, _BLOCK_SCORES // max(self.items * len(self._stage), 1))
        for start in range(0, len(users), size):
            yield users[start : start + size]

    def find(self, users: IntArray) -> Candidates:
        """Of these users, who are few enough for one block."""
        scores = [model.scores(users) for _, model in self._stage]
        place, item = self._proposed(users, scores)
        columns: Columns = {}
        for (name, _), row in zip(self._stage, scores, strict=True):
            columns |= self._described(name, row, place, item)
        columns |= {name: column[item] for name, column in self._items.items()}
        columns |= {name: column[users[place]] for name, column in self._users.items()}
        columns |= self._pairs.at(users[place] * self.items + item)
        self.features = tuple(columns)
        return Candidates(place, item, np.stack(list(columns.values()), axis=1))

    def _proposed(self, users: IntArray, scores: list[FloatArray]) -> tuple[IntArray, IntArray]:
        """Pairs of a user's place and an item, sorted, each once."""
        barred = np.tile(~self._known, (len(users), 1))
        if self._taken is not None:
            barred[self._taken[users].nonzero()] = True
        depth = min(self._depth, barred.shape[1])
        proposed = np.zeros(barred.shape, dtype=np.bool_)
        for row in scores:
            best = torch.topk(torch.from_numpy(np.where(barred, -np.inf, row)), depth, dim=1).indices
            np.put_along_axis(proposed, best.numpy(), True, axis=1)
        place, item = np.nonzero(proposed & ~barred)
        return place, item

    def _described(self, name: str, scores: FloatArray, place: IntArray, item: IntArray) -> Columns:
        """A model's scores: as they are, over the user's mean, and as ranks among the candidates."""
        of_known = scores[:, self._known]
        mean, deviation = of_known.mean(axis=1), of_known.std(axis=1)
        found = scores[place, item]
        return {
            name: found,
            f"{name}, deviation": (found - mean[place]) / np.where(deviation > 0, deviation, 1.0)[place],
            f"{name}, rank": ranks(place, found),
        }


def ranks(owner: IntArray, values: npt.NDArray[np.floating]) -> FloatArray:
    """[n] how many of the same owner are larger; of equals, those before. Owners are sorted."""
    order = np.lexsort((-values, owner))
    counts = np.bincount(owner)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    found = np.empty(len(owner), dtype=np.float32)
    found[order] = within
    return found
