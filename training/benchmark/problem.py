"""A measurable question: learn from this log, then foresee what these users take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recolake.ranking.items import IntArray
from recolake.ranking.ragged import Ragged
from training.benchmark.keys import among, distinct
from training.benchmark.log import Catalogue, Log, interactions
from training.datasets.features import NOTHING, Described
from training.datasets.interactions import Interactions


class Target(StrEnum):
    """What counts as foreseen."""

    NEW = "new"  # what the user never had; what they had is not recommended
    ALL = "all"  # taking something again counts too


@dataclass(frozen=True)
class Problem:
    """All by position in the catalogue.

    Attributes:
        truth: held-out items that count, per user of the catalogue; empty for those who are not measured.
        asked: users that get a list, ascending; all that are measured are among them.
        candidates: per user, what is ranked for them; None where it is the same for all.
        ranked: [I] what is ranked for all; None where it is every item of the log.
        described: what is known of users and items whatever they did.
        left_out: why users with held-out items are not measured, and how many.
    """

    catalogue: Catalogue
    log: Log
    target: Target
    truth: Ragged
    asked: IntArray
    candidates: Ragged | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    ranked: npt.NDArray[np.bool_] | None = None
    described: Described = NOTHING

    @cached_property
    def interactions(self) -> Interactions:
        return interactions(self.log, self.catalogue)

    @cached_property
    def had(self) -> sp.csr_matrix:
        """[U, I], 1 where the user had the item."""
        ones = np.ones(len(self.log), dtype=np.float32)
        matrix = sp.csr_matrix((ones, (self.log.user, self.log.item)), shape=self.catalogue.shape)
        matrix.sum_duplicates()
        matrix.data[:] = 1
        return matrix

    @cached_property
    def people(self) -> npt.NDArray[np.int64]:
        """[I] how many users had each item."""
        return np.bincount(self.had.indices, minlength=self.catalogue.shape[1])

    @cached_property
    def order(self) -> IntArray:
        """Items from the one that most users had to the least, equals by id: so ties are broken.

        Where the items ranked are such that nobody had, equals stand in an order drawn once and for all: ids
        are often given by age or by fame, and would say more of new items than may be known.
        """
        if self.ranked is None:
            return np.argsort(-self.people, kind="stable")
        drawn = np.random.default_rng(0).permutation(len(self.people))
        return drawn[np.argsort(-self.people[drawn], kind="stable")]

    @cached_property
    def measured(self) -> IntArray:
        """Users with held-out items that count."""
        return np.flatnonzero(self.truth.lengths)


def ragged(user: IntArray, item: IntArray, users: int) -> Ragged:
    """Distinct items per user of a list of pairs."""
    width = int(item.max(initial=0)) + 1
    keys = distinct(user * width + item)
    owner, rows = keys // width, keys % width
    offsets = np.zeros(users + 1, dtype=np.int64)
    np.cumsum(np.bincount(owner, minlength=users), out=offsets[1:])
    return Ragged(offsets, rows)


def pose(
    catalogue: Catalogue,
    log: Log,
    held: Log,
    target: Target,
    candidates: Ragged | None = None,
    excluded: IntArray | None = None,
) -> Problem:
    """The question whether `held` can be foreseen from `log`.

    `excluded` users get a list but are not measured, for their candidates give the answer away.
    """
    users, items = catalogue.shape
    keys = held.pairs(items)
    asked = distinct(keys // items)
    left_out = {}
    if excluded is not None:
        keys, left_out["negatives hold the positive"] = _less(keys, among(keys // items, excluded), items)
    if candidates is not None:
        keys, left_out["no negatives"] = _less(keys, candidates.lengths[keys // items] == 0, items)
    if target is Target.NEW:
        keys, left_out["nothing new was held out"] = _less(keys, among(keys, log.pairs(items)), items)
    truth = ragged(keys // items, keys % items, users)
    return Problem(catalogue, log, target, truth, asked, candidates, left_out)


def _less(keys: IntArray, dropped: npt.NDArray[np.bool_], items: int) -> tuple[IntArray, int]:
    """What remains of the pairs, and how many users have none any more."""
    kept = keys[~dropped]
    return kept, len(distinct(keys // items)) - len(distinct(kept // items))
