"""What the second stage learns from: candidates before each past window, and whether they were taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions
from training.models.second_stage.candidates import Scout
from training.models.second_stage.config import Config
from training.models.second_stage.windows import Window, windows

# More people of one window than these, and more than this share of what they did not take, teach little more.
MOST_USERS = 2_000
_SHARE = 0.25
# A list counts its candidates' number of taken ones to the power of minus this: one half of the way
# between every taken item counting the same and every person counting the same.
_EVENNESS = 0.5


@dataclass(frozen=True)
class Examples:
    """n candidates of people who took at least one of theirs: all that were taken, some that were not.

    Attributes:
        features: [n, F].
        taken: [n].
        weight: [n] above 0, so that people who take much do not drown the others.
    """

    features: FloatArray
    taken: npt.NDArray[np.bool_]
    weight: FloatArray

    @classmethod
    def drawn(
        cls,
        features: FloatArray,
        taken: npt.NDArray[np.bool_],
        owner: IntArray,
        random: np.random.Generator,
    ) -> Examples:
        """From all candidates of some people: features [c, F], whether taken, and whose they are [c]."""
        each = np.bincount(owner, taken)[owner] if len(owner) else np.empty(0)
        kept = (each > 0) & (taken | (random.random(len(taken)) < _SHARE))
        weight = np.maximum(each[kept], 1.0) ** -_EVENNESS
        return cls(features[kept], taken[kept], weight.astype(np.float32))

    @classmethod
    def joined(cls, parts: Sequence[Examples]) -> Examples | None:
        """All of them; None where there are none."""
        some = [part for part in parts if len(part.taken)]
        if not some:
            return None
        features, taken, weight = zip(*((p.features, p.taken, p.weight) for p in some), strict=True)
        return cls(np.concatenate(features), np.concatenate(taken), np.concatenate(weight))


def examples(interactions: Interactions, as_of: int, config: Config, seed: int) -> Examples | None:
    """Of all windows; None where nothing was taken in any of them."""
    found = [
        part
        for number, window in enumerate(windows(interactions, as_of, config.windows))
        for part in _of(window, config, seed, np.random.default_rng([seed, number]))
    ]
    return Examples.joined(found)


def _of(window: Window, config: Config, seed: int, random: np.random.Generator) -> list[Examples]:
    before = np.bincount(window.past.user, minlength=window.past.shape[0])
    users = np.flatnonzero((window.taken.lengths > 0) & (before > 0))
    if len(users) > MOST_USERS:
        users = np.sort(random.choice(users, MOST_USERS, replace=False))
    if not len(users):
        return []
    scout = Scout(window.past, window.as_of, depth=config.depth, again=config.again, seed=seed)
    keys = window.taken.owners * window.past.shape[1] + window.taken.rows
    found = []
    for block in scout.blocks(users):
        candidates = scout.find(block)
        taken = np.isin(block[candidates.place] * window.past.shape[1] + candidates.item, keys)
        found.append(Examples.drawn(candidates.features, taken, candidates.place, random))
    return found
