"""Beside items: what is like one, and what goes with a basket."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from recolake.ranking.artifact import Artifact
from recolake.ranking.explain import Contributions
from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from recolake.ranking.reasons import REASONS, Reason
from recolake.ranking.scored import rank_scored
from serving.api.recommendations.kinds.catalogue import popular_instead
from serving.api.recommendations.kinds.situation import Found, Situation
from serving.api.recommendations.requests import BoughtTogetherRequest, SimilarItemsRequest
from serving.api.recommendations.schemas import Explained, Fallback, Strategy

_Parts = Callable[[IntArray], npt.NDArray[np.float64]]
"""[k, n] what each of n given items says of k wanted ones."""


def similar_items(situation: Situation, request: SimilarItemsRequest) -> Found:
    """By the cosine of the vectors: whom an item is like, not how popular those are."""
    rows, unknown = known(situation, [request.item_id])
    if not len(rows):
        return popular_instead(situation, "unknown_item", unknown)
    return _similar(situation, rows, unknown)


def bought_together(situation: Situation, request: BoughtTogetherRequest) -> Found:
    """By the visits at which an item and those of the basket were taken together.

    Below what goes with it comes what is like it, so that the list is as long as it was asked for.
    """
    rows, unknown = known(situation, request.item_ids)
    if not len(rows):
        return popular_instead(situation, "unknown_item", unknown)
    artifact = situation.model.artifact
    companions = artifact.companions
    together = None if companions is None else companions.beside(rows)
    if together is not None:
        together[rows] = 0
    if companions is None or together is None or not together.any():
        return _similar(situation, rows, unknown, "no_companions")
    first, basket = together > 0, companions

    def parts(wanted: IntArray) -> npt.NDArray[np.float64]:
        return np.where(first[wanted][:, None], basket.parts(rows, wanted), _cosines(artifact, rows, wanted))

    # A cosine is at most 1, and what goes with the basket comes first.
    scores = np.where(first, together + np.float32(1), _mean_cosine(artifact, rows))
    told = np.where(first, REASONS.index(Reason.BOUGHT_TOGETHER), REASONS.index(Reason.SIMILAR_ITEM))
    return _beside(situation, rows, scores, told.astype(np.int8), parts, "together", unknown)


def known(situation: Situation, ids: Sequence[str]) -> tuple[IntArray, tuple[str, ...]]:
    """Rows of the items that the model knows, each once, in order; and the ids of the others."""
    distinct = list(dict.fromkeys(ids))
    rows = situation.items.rows(distinct)
    unknown = [item for item, row in zip(distinct, rows.tolist(), strict=True) if row < 0]
    return rows[rows >= 0], tuple(unknown)


def _similar(
    situation: Situation, rows: IntArray, unknown: tuple[str, ...], fallback: Fallback | None = None
) -> Found:
    artifact = situation.model.artifact
    scores = _mean_cosine(artifact, rows)
    told = np.full(len(scores), REASONS.index(Reason.SIMILAR_ITEM), dtype=np.int8)

    def parts(wanted: IntArray) -> npt.NDArray[np.float64]:
        return _cosines(artifact, rows, wanted)

    return _beside(situation, rows, scores, told, parts, "similar", unknown, fallback)


def _beside(
    situation: Situation,
    rows: IntArray,
    scores: FloatArray,
    told: npt.NDArray[np.int8],
    parts: _Parts,
    strategy: Strategy,
    unknown: tuple[str, ...],
    fallback: Fallback | None = None,
) -> Found:
    """By scores [I] for reasons [I], without the given items themselves."""
    scores[rows] = -np.inf

    def because(wanted: Sequence[int]) -> tuple[Explained, Contributions]:
        return "yes", Contributions(rows.astype(np.int32), parts(np.asarray(wanted, dtype=np.int64)))

    model = situation.model
    place, vectors = model.popularity.place, model.artifact.vectors
    ranking = rank_scored(scores, told, place, vectors, situation.depth, situation.rules)
    return Found(ranking, strategy, fallback, because, None, unknown)


def _mean_cosine(artifact: Artifact, rows: IntArray) -> FloatArray:
    """[I] mean over these items of the cosine of their vectors with every item's; 0 where one has no
    length.
    """
    direction = _directions(artifact, rows).mean(axis=0)
    found: FloatArray = artifact.vectors @ direction / np.maximum(artifact.lengths, np.float32(1e-9))
    return found


def _cosines(artifact: Artifact, rows: IntArray, wanted: IntArray) -> npt.NDArray[np.float64]:
    """[k, n] the parts of those means."""
    found: npt.NDArray[np.float64] = _directions(artifact, wanted).astype(np.float64) @ _directions(
        artifact, rows
    ).T.astype(np.float64)
    return found / len(rows)


def _directions(artifact: Artifact, rows: IntArray) -> FloatArray:
    lengths = np.maximum(artifact.lengths[rows], np.float32(1e-9))
    return (artifact.vectors[rows] / lengths[:, None]).astype(np.float32)
