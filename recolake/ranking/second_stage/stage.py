"""The second stage: it looks at the best of what the first stage found, and decides their order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recolake.ranking.manifest import SecondStageConfig
from recolake.ranking.popularity import FloatArray
from recolake.ranking.rerank import Terms
from recolake.ranking.second_stage.catalogue import Catalogue
from recolake.ranking.second_stage.features import features
from recolake.ranking.second_stage.networks import Networks
from recolake.ranking.second_stage.shortlist import Shortlist
from recolake.ranking.users import UserBatch


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

    def reordered(
        self,
        vectors: FloatArray,
        people: UserBatch,
        found: Terms,
        scores: FloatArray,
        *,
        include_seen: bool,
    ) -> FloatArray:
        """Scores [U, C] of the first stage, with log odds in the place of those of the best candidates.

        All others follow below, in the order that they had. People whose histories do not say when they took
        anything, or who have none, keep their scores: nothing was learnt of such.
        """
        networks = self.all_items if include_seen else self.new_items
        if networks is None or people.habits is None or not len(people.history.rows):
            return scores
        listed = Shortlist.of(found, scores, self.depth)
        judged = listed.there & (people.history.lengths > 0)[:, None]
        table = features(self.catalogue, vectors, people, found, listed)
        odds = np.full(judged.shape, np.inf, dtype=np.float32)
        odds[judged] = networks.score(table[judged])
        user = np.flatnonzero(judged.any(axis=1))
        # The best of those that were not looked at comes one below the last of those that were.
        shift = listed.score.min(axis=1, where=listed.there, initial=np.inf) - odds.min(axis=1) + 1
        placed = scores.copy()
        placed[user] -= shift[user, None]
        rows, places = np.nonzero(judged)
        placed[rows, listed.columns[rows, places]] = odds[rows, places]
        return placed
