"""For whoever asks: what is popular, and what is more so than it used to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recolake.ranking.popularity import FloatArray
from recolake.ranking.ranking import Ranking
from recolake.ranking.reasons import REASONS, Reason
from recolake.ranking.scored import rank_scored
from serving.api.recommendations.kinds.situation import Found, Situation
from serving.api.recommendations.requests import Asked
from serving.api.recommendations.schemas import Fallback


def popular(situation: Situation, request: Asked) -> Found:
    """By decayed popularity, as fresh as the online features."""
    return popular_instead(situation, None)


def trending(situation: Situation, request: Asked) -> Found:
    """By how much an item's share of what is popular now exceeds its share of all time."""
    totals = situation.model.artifact.totals
    if totals is None:
        return popular_instead(situation, "no_totals")
    scores = situation.model.popularity.lift(totals)
    return Found(ranked(situation, scores, Reason.TRENDING_NOW), "trending")


def popular_instead(situation: Situation, fallback: Fallback | None, unknown: tuple[str, ...] = ()) -> Found:
    """What is popular, where nothing else can be told."""
    found = Found(ranked(situation, situation.model.popularity.term, Reason.POPULAR_NOW), "popular")
    return replace(found, fallback=fallback, unknown=unknown)


def ranked(situation: Situation, scores: FloatArray, reason: Reason) -> Ranking:
    """Items by scores [I], all for one reason."""
    reasons = np.full(len(scores), REASONS.index(reason), dtype=np.int8)
    place = situation.model.popularity.place
    vectors = situation.model.artifact.vectors
    return rank_scored(scores, reasons, place, vectors, situation.depth, situation.rules)
