"""What the served second stage learns from: lists of the first stage before past windows, and what was taken.

Each window is cut off as the test window is, from what came before the next one. The first stage that lists
candidates for it, their features and their order are made of what came before it, by the functions that
serve; so no feature has seen what it must foresee.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.ranking.ranker import candidate_terms
from recolake.ranking.rerank import blend
from recolake.ranking.second_stage.catalogue import Catalogue
from recolake.ranking.second_stage.features import Measured
from recolake.ranking.second_stage.shortlist import Shortlist
from training.candidate import Candidate
from training.datasets.interactions import Interactions
from training.datasets.split import Split, temporal_split
from training.evaluation.protocol import DEPTH, Target
from training.models.second_stage.examples import MOST_USERS, Examples

_CHUNK = 256


def windows(interactions: Interactions, most: int) -> Iterator[Split]:
    """At most so many, the latest first; before each lies at least as much as it is long."""
    for _ in range(most):
        split = temporal_split(interactions)
        if split is None or split.train.last_day - split.train.first_day < split.last_day - split.first_day:
            return
        if split.measurable:
            yield split
        interactions = split.train


def lessons(
    split: Split,
    first_stage: Candidate,
    catalogue: Catalogue,
    ranking: RankingConfig,
    target: Target,
    depth: int,
    random: np.random.Generator,
) -> list[Examples]:
    """Of one window, for one question.

    Args:
        first_stage, catalogue: of `split.train`.
        ranking: whose blend orders the candidates; the best `depth` are listed.
    """
    model, people, truth = first_stage.rankable(ranking), first_stage.people(), target.truth(split)
    weights: BlendWeights = getattr(ranking, target.value)
    users = np.flatnonzero((truth.lengths > 0) & (people.history.lengths > 0))
    if len(users) > MOST_USERS:
        users = np.sort(random.choice(users, MOST_USERS, replace=False))
    found = []
    for start in range(0, len(users), _CHUNK):
        block = users[start : start + _CHUNK]
        part = people.take(block)
        terms = candidate_terms(model, part, DEPTH, include_seen=target.include_seen)
        listed = Shortlist.of(terms, blend(terms, weights), depth)
        rows = np.where(listed.there, listed.pick(terms.rows), -1).astype(np.int64)
        taken = (truth.take(block).find(rows, len(model.vectors)) >= 0)[listed.there]
        table = Measured.of(catalogue, part, terms, listed).table(catalogue)[listed.there]
        found.append(Examples.drawn(table, taken, np.nonzero(listed.there)[0], random))
    return found
