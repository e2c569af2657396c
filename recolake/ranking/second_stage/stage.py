"""The second stage: it looks at the best of what the first stage found, and decides their order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from recolake.ranking.manifest import SecondStageConfig
from recolake.ranking.popularity import FloatArray
from recolake.ranking.rerank import Terms
from recolake.ranking.second_stage.catalogue import Catalogue
from recolake.ranking.second_stage.features import Measured
from recolake.ranking.second_stage.judge import Judge
from recolake.ranking.second_stage.networks import Networks
from recolake.ranking.second_stage.shortlist import Shortlist
from recolake.ranking.users import UserBatch

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SecondStage:
    """Networks for one question or both; where there are none, the first stage has the last word.

    Attributes:
        features: names of what they judge by, in their order.
        depth: candidates of the first stage that are looked at.
    """

    catalogue: Catalogue
    features: tuple[str, ...]
    new_items: Networks | None
    all_items: Networks | None
    depth: int

    @property
    def config(self) -> SecondStageConfig:
        """What a manifest says of it."""
        return SecondStageConfig(
            new_items=self.new_items is not None, all_items=self.all_items is not None, depth=self.depth
        )

    @cached_property
    def _judge_of_new(self) -> Judge | None:
        return None if self.new_items is None else Judge(self.new_items, self.catalogue)

    @cached_property
    def _judge_of_all(self) -> Judge | None:
        return None if self.all_items is None else Judge(self.all_items, self.catalogue)

    def with_unmet(self, count: int) -> SecondStage:
        """The same for an index with so many items more at its end, that nobody met."""
        return replace(self, catalogue=self.catalogue.with_unmet(count))

    def reordered(
        self,
        people: UserBatch,
        found: Terms,
        scores: FloatArray,
        *,
        include_seen: bool,
        warm: int,
    ) -> FloatArray:
        """Scores [U, C] of the first stage, with log odds in the place of those of the best candidates.

        All others follow below, in the order that they had. People whose histories do not say when they took
        anything, or who have none, keep their scores: nothing was learnt of such. Nor was it of items that
        nobody had met: they keep the places that the first stage gave them.

        Args:
            warm: rows from here on are of such items.
        """
        judge = self._judge_of_all if include_seen else self._judge_of_new
        if judge is None or people.habits is None or not len(people.history.rows):
            return scores
        listed = Shortlist.of(found, scores, self.depth)
        dated = np.bincount(people.history.owners, people.habits.days, len(people)) > 0
        judged = listed.there & dated[:, None]
        if not judged.any():
            return scores
        unmet = judged & (listed.pick(found.rows) >= warm)
        judged &= ~unmet
        told = judge.odds(Measured.of(self.catalogue, people, found, listed), self.depth)
        odds = np.where(judged, told, np.float32(np.inf))
        if unmet.any():
            judged |= _in_their_places(odds, unmet)
        user = np.flatnonzero(judged.any(axis=1))
        # The best of those that were not looked at comes one below the last of those that were.
        shift = listed.score.min(axis=1, where=listed.there, initial=np.inf) - odds.min(axis=1) + 1
        placed = scores.copy()
        placed[user] -= shift[user, None]
        rows, places = np.nonzero(judged)
        placed[rows, listed.columns[rows, places]] = odds[rows, places]
        return placed


def _in_their_places(odds: FloatArray, unmet: BoolArray) -> BoolArray:
    """Give unmet candidates [U, D], in the order of the first stage, log odds that leave each in its place.

    Each comes next below whom it came after.

    Args:
        odds: [U, D] of those that were judged, inf elsewhere; written to.

    Returns:
        Which of the unmet have odds now: of people without any judged candidate none.
    """
    given = np.zeros_like(unmet)
    lowest = np.float32(-np.inf)
    for user in np.flatnonzero(unmet.any(axis=1)):
        ranked = np.sort(odds[user][np.isfinite(odds[user])])[::-1]
        if not len(ranked):
            continue
        after = np.float32(ranked[0] + 1)
        for number, place in enumerate(np.flatnonzero(unmet[user]).tolist()):
            ahead = place - number
            if ahead > 0:
                after = np.float32(min(float(after), float(ranked[min(ahead, len(ranked)) - 1])))
            after = np.nextafter(after, lowest, dtype=np.float32)
            odds[user, place] = after
        given[user] = unmet[user]
    return given
