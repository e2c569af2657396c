"""Items and people without history, with the vectors that they are served with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recolake.ranking.content import Content
from recolake.ranking.placement import Placement
from recolake.ranking.popularity import FloatArray
from training.cold.items import ItemPlan
from training.cold.mapping import ContentMap, learn
from training.cold.people import PENALTY
from training.datasets.features import Features
from training.datasets.ids import StrArray

if TYPE_CHECKING:
    import scipy.sparse as sp

    from training.candidate import Candidate
    from training.datasets.dataset import Dataset


@dataclass(frozen=True)
class Newcomers:
    """What an index holds beside what a model learnt.

    Attributes:
        items: [c] ids, sorted.
        content: of these items; None where there are none.
        people: [p] ids, sorted.
        vectors: [p, d] of these people.
        placement: for items that come later; None where nothing is known of any.
    """

    items: StrArray
    content: Content | None
    people: StrArray
    vectors: FloatArray
    placement: Placement | None = None


def unmet_items(dataset: Dataset, met: StrArray, known: Features | None) -> StrArray:
    """[c] goods of which something is known, and that nobody met; sorted."""
    if known is None:
        return np.zeros(0, dtype=np.str_)
    goods = np.array(dataset.goods, dtype=np.str_)
    return np.setdiff1d(np.intersect1d(goods, known.ids), met)


def newcomers(
    dataset: Dataset,
    candidate: Candidate,
    items: Features | None,
    people: Features | None,
    plan: ItemPlan,
    *,
    with_people: bool,
) -> Newcomers:
    """By what is known of those whom the candidate was fitted to.

    Args:
        with_people: whether people get vectors by what they are.
    """
    learnt, model = candidate.interactions, candidate.model
    unmet, content, placement = unmet_items(dataset, learnt.item_ids, items), None, None
    if items is not None:
        taught = learn(items.of(learnt.item_ids), model.item_vectors, plan.penalty).times(plan.emphasis)
        content = _content(taught, items, unmet) if len(unmet) else None
        placement = _placement(taught, items)
    nobody = np.zeros((0, model.user_vectors.shape[1]), dtype=np.float32)
    if not with_people or people is None:
        return Newcomers(unmet, content, np.zeros(0, dtype=np.str_), nobody, placement)
    features = people.of(people.ids)
    unknown = ~np.isin(people.ids, learnt.user_ids) & (np.diff(features.indptr) > 0)
    placed = learn(people.of(learnt.user_ids), model.user_vectors, PENALTY).vectors(features[unknown])
    return Newcomers(unmet, content, people.ids[unknown], placed, placement)


def _placement(taught: ContentMap, known: Features) -> Placement | None:
    """The whole map, but for features that nothing was learnt of."""
    if known.columns is None:
        return None
    learnt = np.flatnonzero(taught.weights.any(axis=1))
    return Placement(known.columns, learnt, taught.weights[learnt], taught.base)


def _content(taught: ContentMap, known: Features, unmet: StrArray) -> Content:
    """Of these items, with no more features than they have."""
    rows: sp.csr_matrix = known.of(unmet)
    rows.sort_indices()
    used, features = np.unique(rows.indices, return_inverse=True)
    return Content(
        tuple(known.names[feature] for feature in used),
        taught.weights[used],
        taught.base,
        rows.indptr.astype(np.int64),
        features.astype(np.int64),
        rows.data.astype(np.float32),
    )
