"""Places given out under rules: boosts, then promotions and diversity in turn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from recolake.ranking.order import best_first
from recolake.ranking.popularity import FloatArray
from recolake.ranking.rules.rules import NO_GROUP, BoolArray, Diversity, Promotion, Rules

# Shares such as 0.3 of 10 are meant as they are written.
_ROUNDING = 1e-9


def arrange(
    scores: FloatArray, place: IntArray, rows: IntArray, vectors: FloatArray, rules: Rules, k: int
) -> tuple[FloatArray, IntArray, IntArray]:
    """Choose the best k under rules for each of U users.

    Args:
        scores: [U, C] of candidates, -inf where one is not allowed.
        place: [U, C] of equal scores the smaller place comes first.
        rows: [U, C] of the index.
        vectors: [I, d] of the items.

    Returns:
        Scores [U, C] with boosts, -inf also where a rule leaves a candidate no place; the chosen candidates
        [U, min(k, C)], best first and those without a place last; and for each of these, in bits, which
        rules acted on it: boosts, promotions, diversity, in this order.
    """
    scores = rules.boosted(scores, rows)
    # Whoever gives out places in turn may come to any candidate.
    order = best_first(scores, place, scores.shape[1] if rules.in_turn else k)
    best = order[:, :k].copy()
    acted = np.zeros(best.shape, dtype=np.int64)
    if rules.in_turn:
        for user in range(len(scores)):
            # Candidates of this user from here on, best first.
            ranked = order[user, : int(np.isfinite(scores[user]).sum())]
            mine = _Places(scores[user, ranked], rows[user, ranked], vectors, rules)
            chosen, bits = mine.give(min(k, len(ranked)))
            rest = np.setdiff1d(np.arange(scores.shape[1]), ranked[chosen])
            if len(chosen) < k:
                scores[user, rest] = -np.inf
            best[user] = np.concatenate([ranked[chosen], rest])[: best.shape[1]]
            acted[user, : len(bits)] = bits
    chosen_rows, chosen_scores = (np.take_along_axis(each, best, axis=1) for each in (rows, scores))
    changeable = np.isfinite(chosen_scores) & (chosen_scores != 0)
    for bit, boost in enumerate(rules.boosts):
        changed = changeable & boost.holds[chosen_rows] & (boost.factor != 1)
        acted |= changed.astype(np.int64) << bit
    return scores, best, acted


class _Places:
    """Gives the places of one user's answer to n candidates, which come best first.

    Diversity is maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998): each place goes to whom
    score, between 0 and 1 over the candidates, less likeness to the most alike of those chosen before, is
    largest for. A promotion has, of the first m places, its share rounded down, as long as it has items.
    """

    def __init__(self, scores: FloatArray, rows: IntArray, vectors: FloatArray, rules: Rules) -> None:
        self._rows = rows
        self._promotions = rules.promotions
        held = [each.holds[rows] for each in rules.promotions]
        self._held: BoolArray = np.array(held, dtype=np.bool_).reshape(len(held), len(rows))
        self._first_bit = len(rules.boosts)
        self._left = np.ones(len(rows), dtype=np.bool_)
        diversity = rules.diversity or Diversity(0.0)
        self._most = diversity.most
        self._groups = None if diversity.groups is None else diversity.groups[rows]
        self._strength = np.float32(diversity.strength)
        spread = float(scores[0] - scores[-1]) if len(scores) else 0.0
        self._worth = (1 - self._strength) * (scores - scores[-1:]) / np.float32(spread or 1)
        self._likeness: FloatArray | None = None
        self._directions: FloatArray | None = None
        if diversity.strength and diversity.groups is None:
            lengths = np.linalg.norm(vectors[rows], axis=1, keepdims=True)
            self._directions = vectors[rows] / np.maximum(lengths, np.float32(1e-9))
        # What the cap leaves no place.
        self._full = np.zeros(len(rows), dtype=np.bool_)

    def give(self, count: int) -> tuple[IntArray, list[int]]:
        """The candidates chosen for at most so many places, and which rules acted on each, in bits."""
        due = _Due(self._promotions, count)
        chosen: list[int] = []
        bits: list[int] = []
        while len(chosen) < count:
            open_ = self._left & ~self._full
            if not open_.any():
                break
            free = self._best(open_)
            has_items: BoolArray = np.any(self._held & open_, axis=1)
            promotion = due.promotion(len(chosen) + 1, has_items)
            pick = free if promotion is None else self._best(open_ & self._held[promotion])
            acted = 0
            if promotion is not None and pick != free:
                acted |= 1 << (self._first_bit + promotion)
            # Of those that it was chosen from, one with a better score was passed over.
            among = self._left if promotion is None else self._left & self._held[promotion]
            if among[:pick].any():
                acted |= 1 << (self._first_bit + len(self._promotions))
            chosen.append(pick)
            bits.append(acted)
            due.took(self._held[:, pick])
            self._take(pick)
        return np.array(chosen, dtype=np.int64), bits

    def _best(self, open_: BoolArray) -> int:
        """The first of those with the largest worth: of equal ones, that with the best score."""
        worth = self._worth
        if self._likeness is not None:
            worth = worth - self._strength * self._likeness
        return int(np.argmax(np.where(open_, worth, -np.inf)))

    def _take(self, pick: int) -> None:
        self._left[pick] = False
        alike: npt.NDArray[np.bool_] | None = None
        if self._groups is not None and self._groups[pick] != NO_GROUP:
            alike = self._groups == self._groups[pick]
        if self._most is not None and alike is not None and (alike & ~self._left).sum() >= self._most:
            self._full |= alike
        if not self._strength:
            return
        if self._directions is not None:
            like: FloatArray = self._directions @ self._directions[pick]
        elif alike is not None:
            like = alike.astype(np.float32)
        else:
            like = np.zeros(len(self._rows), dtype=np.float32)
        self._likeness = like if self._likeness is None else np.maximum(self._likeness, like)


class _Due:
    """When a place must go to a promotion, so that of the first m places every one has its share.

    Shares of 1 together at most: whoever is due first goes first, and all come in time (earliest deadline).
    """

    def __init__(self, promotions: tuple[Promotion, ...], count: int) -> None:
        shares = np.array([each.share for each in promotions]).reshape(-1, 1)
        # [p, count] places that each must have had after so many.
        self._owed = np.floor(shares * np.arange(1, count + 1) + _ROUNDING).astype(np.int64)
        self._taken = np.zeros(len(promotions), dtype=np.int64)

    def promotion(self, place: int, has_items: npt.NDArray[np.bool_]) -> int | None:
        """The one that this place (from 1) must go to; None where it is free."""
        if not len(self._taken) or not has_items.any():
            return None
        missing = np.maximum(self._owed[:, place - 1 :] - self._taken[:, None], 0)
        missing[~has_items] = 0
        room = np.arange(1, missing.shape[1] + 1)
        if not (missing.sum(axis=0) >= room).any():
            return None
        waits = np.where((missing > 0).any(axis=1), np.argmax(missing > 0, axis=1), missing.shape[1])
        return int(np.argmin(waits))

    def took(self, held: npt.NDArray[np.bool_]) -> None:
        """An item that these promotions have was given a place."""
        self._taken += held
