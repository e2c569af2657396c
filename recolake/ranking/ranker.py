"""`rank`: the one function that decides what people see. Serving calls it for one, evaluation for all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from recolake.errors import InvalidInputError
from recolake.ranking.items import IntArray
from recolake.ranking.manifest import BlendWeights
from recolake.ranking.model import Rankable
from recolake.ranking.order import best_first
from recolake.ranking.pick import pick
from recolake.ranking.popularity import FloatArray, Popularity
from recolake.ranking.ranking import Ranking, cut
from recolake.ranking.reasons import REASONS, Reason
from recolake.ranking.rerank import Terms, blend, terms
from recolake.ranking.retrieval import Wanted, candidates
from recolake.ranking.rules.arrange import arrange
from recolake.ranking.rules.candidates import ruled_candidates
from recolake.ranking.rules.rules import Rules
from recolake.ranking.users import UserBatch

# So many together cost least each; more need memory that is slower.
_CHUNK = 64


def rank(
    model: Rankable,
    users: UserBatch,
    k: int,
    *,
    include_seen: bool,
    popularity: Popularity | None = None,
    rules: Rules | None = None,
) -> Ranking:
    """The k best items for each of U users.

    Args:
        include_seen: whether what a user took before may be shown again; it also chooses the blend.
        popularity: fresher than the model's own, of the same rows.
        rules: what else is asked of each answer.

    Raises:
        InvalidInputError: k is below 1.
    """
    if k < 1:
        raise InvalidInputError(f"k is {k}; at least one item must be asked for.", field="k")
    chunks = []
    board = popularity or model.popularity
    weights = model.ranking.all_items if include_seen else model.ranking.new_items
    for start in range(0, len(users), _CHUNK):
        part = users.slice(start, start + _CHUNK)
        found = candidate_terms(model, part, k, include_seen=include_seen, popularity=popularity, rules=rules)
        scores, stage = blend(found, weights), model.second_stage
        if stage is not None:
            scores = stage.reordered(part, found, scores, include_seen=include_seen, warm=model.warm)
        if rules is None:
            best = top(found, scores, weights, k)
        else:
            best = ruled(found, scores, weights, k, model, rules)
        chunks.append(_told_as_new(best, model.warm, board))
    if not chunks:
        return Ranking(np.empty((0, k), np.int64), np.empty((0, k), np.float32), np.empty((0, k), np.int8))
    return Ranking(
        np.concatenate([c.rows for c in chunks]),
        np.concatenate([c.scores for c in chunks]),
        np.concatenate([c.reasons for c in chunks]),
        None if rules is None else np.concatenate([c.acted for c in chunks if c.acted is not None]),
    )


def candidate_terms(
    model: Rankable,
    users: UserBatch,
    k: int,
    *,
    include_seen: bool,
    popularity: Popularity | None = None,
    rules: Rules | None = None,
) -> Terms:
    """Retrieve and measure, but do not weigh: what tuning needs to try many weights on."""
    board = popularity or model.popularity
    config = model.ranking
    masked = np.zeros_like(users.history.lengths) if include_seen else users.history.lengths
    wanted = Wanted(max(config.nearest, k) + masked, max(config.popular, k) + masked)
    if rules is None:
        rows = candidates(model.index, model.vectors, board, users, wanted, include_history=include_seen)
    else:
        rows = ruled_candidates(
            model.index,
            model.vectors,
            board,
            users,
            rules,
            k,
            wanted,
            include_history=include_seen,
        )
    return terms(model.vectors, board, users, rows, include_seen=include_seen)


def top(found: Terms, scores: FloatArray, weights: BlendWeights, k: int) -> Ranking:
    """Sort and cut. Of equal scores the more popular item comes first, whatever weight popularity has.

    So somebody of whom nothing is known gets what is popular also from a blend that gives it no weight.
    `scores` [U, C] decide; `weights` are those of the blend, by which reasons are told.
    """
    best = best_first(scores, found.place, k)
    return cut(found.rows, scores, best, _reasons(found, weights, best), k)


def ruled(
    found: Terms, scores: FloatArray, weights: BlendWeights, k: int, model: Rankable, rules: Rules
) -> Ranking:
    """The same under rules."""
    scores, best, acted = arrange(scores, found.place, found.rows, model.vectors, rules, k)
    return cut(found.rows, scores, best, _reasons(found, weights, best), k, acted)


def _told_as_new(ranking: Ranking, warm: int, board: Popularity) -> Ranking:
    """What nobody had met is neither in anybody's taste nor popular, until events say so."""
    if not (ranking.rows >= warm).any():
        return ranking
    told = ranking.reasons
    popular = (told == REASONS.index(Reason.POPULAR_NOW)) & (board.term[ranking.rows] > 0)
    new = (ranking.rows >= warm) & (told != REASONS.index(Reason.BOUGHT_BEFORE)) & ~popular
    return replace(ranking, reasons=np.where(new, np.int8(REASONS.index(Reason.NEW_ITEM)), told))


def _reasons(found: Terms, weights: BlendWeights, best: IntArray) -> npt.NDArray[np.int8]:
    """Taken before, or else the term by which the item stands out most from the user's other candidates."""
    allowed = found.allowed
    counted = np.maximum(allowed.sum(axis=1, keepdims=True), 1)

    def stands_out(term: FloatArray, weight: float) -> npt.NDArray[np.float64]:
        # Exact, or nearly: how many fillers a batch has beside the candidates must not tell in it.
        average = np.sum(term, axis=1, keepdims=True, where=allowed, dtype=np.float64) / counted
        deviation: npt.NDArray[np.float64] = weight * (pick(term, best) - average)
        return deviation

    fits = pick(found.vector, best) > 0
    by_taste = fits & (
        stands_out(found.vector, weights.vector) > stands_out(found.popularity, weights.popularity)
    )
    other = np.where(by_taste, REASONS.index(Reason.SIMILAR_TASTE), REASONS.index(Reason.POPULAR_NOW))
    own = pick(found.own, best) > 0
    return np.where(own, REASONS.index(Reason.BOUGHT_BEFORE), other).astype(np.int8)
