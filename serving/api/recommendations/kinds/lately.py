"""By what was met lately: what comes next in a session, and what a person had."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recolake.ranking.explain import Contributions, by_items
from recolake.ranking.fold_in import of_items, solved
from recolake.ranking.ranker import rank
from recolake.ranking.reasons import Reason
from recolake.ranking.users import UserBatch
from serving.api.recommendations.kinds.beside import known
from serving.api.recommendations.kinds.catalogue import popular_instead, ranked
from serving.api.recommendations.kinds.situation import Found, Situation
from serving.api.recommendations.requests import RecentlyViewedRequest, SessionRequest
from serving.api.recommendations.schemas import Explained

# What was met so many items ago counts half.
_HALF_LIFE_ITEMS = 5.0


def session(situation: Situation, request: SessionRequest) -> Found:
    """As for a person who is known by these items alone, the latest counting most; these are not shown
    again.
    """
    latest_first = list(dict.fromkeys(reversed(request.item_ids)))
    rows, unknown = known(situation, latest_first)
    if not len(rows):
        return popular_instead(situation, "unknown_item", unknown)
    artifact = situation.model.artifact
    weights = np.exp2(-np.arange(len(rows)) / _HALF_LIFE_ITEMS).astype(np.float32)
    made = of_items(artifact, rows, weights)
    vector = solved(artifact, made).astype(np.float32)
    ids = [situation.items.ids[row] for row in rows.tolist()]
    ranking = rank(
        artifact,
        UserBatch.one(situation.items, artifact.manifest.dimension, vector, ids, weights.tolist()),
        situation.depth,
        include_seen=False,
        popularity=situation.model.popularity,
        rules=situation.rules,
    )

    def because(wanted: Sequence[int]) -> tuple[Explained, Contributions]:
        return "yes", by_items(artifact, made, wanted)

    return Found(ranking, "session", None, because, vector, unknown)


def recently_viewed(situation: Situation, request: RecentlyViewedRequest) -> Found:
    """The person's own items, the latest first; nothing stands in for them where there are none."""
    own, fallback = situation.reader.lately()
    rows, _ = known(situation, own)
    scores = np.full(len(situation.items), -np.inf, dtype=np.float32)
    scores[rows] = 1 / np.arange(1, len(rows) + 1, dtype=np.float32)
    # Whether the model has a vector of the person makes no difference here.
    missing = None if fallback == "no_vector" else fallback
    return Found(ranked(situation, scores, Reason.RECENT), "recent", missing)
