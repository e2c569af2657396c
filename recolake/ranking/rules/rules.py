"""Rules as arrays over the rows of an index, ready to be applied."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray

BoolArray = npt.NDArray[np.bool_]
NO_GROUP = -1


@dataclass(frozen=True)
class Boost:
    """Items [I] whose scores are multiplied."""

    holds: BoolArray
    factor: float


@dataclass(frozen=True)
class Promotion:
    """Items [I] that get a share of the places."""

    holds: BoolArray
    share: float


@dataclass(frozen=True)
class Diversity:
    """How unlike each other the items of an answer are to be.

    Attributes:
        strength: 0 orders by score alone, 1 by being unlike alone.
        groups: [I] items of one number are alike, NO_GROUP is like nothing; None: by the angle of vectors.
        most: so many items of one group at most; needs groups.
    """

    strength: float
    groups: npt.NDArray[np.int32] | None = None
    most: int | None = None


@dataclass(frozen=True)
class Rules:
    """All rules of one request.

    Attributes:
        eligible: [I] what may be shown; None: everything.
    """

    eligible: BoolArray | None = None
    boosts: tuple[Boost, ...] = ()
    promotions: tuple[Promotion, ...] = ()
    diversity: Diversity | None = None

    @property
    def pools(self) -> list[BoolArray | None]:
        """Items [I] among which candidates are looked for, each on its own; None: all of them.

        The first is what may be shown. Of what a boost lifts, or leaves when it lowers the others, and of
        what is promoted, the best must be among the candidates, however far below the rest they begin.
        """
        lifted = [each.holds if each.factor > 1 else ~each.holds for each in self.boosts if each.factor != 1]
        parts = [*lifted, *(each.holds for each in self.promotions)]
        if self.eligible is not None:
            parts = [part & self.eligible for part in parts]
        return [self.eligible, *parts]

    @property
    def in_turn(self) -> bool:
        """Whether places are given out one after the other, each by what the others hold."""
        return bool(self.promotions) or self.diversity is not None

    def boosted(self, scores: FloatArray, rows: IntArray) -> FloatArray:
        """Scores [U, C] of items, -inf where they are not allowed, after all boosts.

        A score below 0 is divided, so that a factor above 1 lifts every item, and one below 1 lowers it.
        """
        for boost in self.boosts:
            factor = np.where(scores < 0, np.float32(1 / boost.factor), np.float32(boost.factor))
            scores = np.where(boost.holds[rows], scores * factor, scores)
        return scores

    def names(self, acted: int) -> list[str]:
        """Which rules acted on an item, from the bits that `arrange` set, as a request calls them."""
        all_names = [
            *(f"boosts.{number}" for number in range(len(self.boosts))),
            *(f"promotions.{number}" for number in range(len(self.promotions))),
            "diversity",
        ]
        return [name for bit, name in enumerate(all_names) if acted >> bit & 1]
