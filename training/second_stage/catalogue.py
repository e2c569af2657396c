"""Facts and neighbours of items as of a day, from what people did until then."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from recolake.ranking.second_stage.catalogue import Catalogue
from training.datasets.interactions import Interactions
from training.models.item_knn.model import ItemKnn
from training.models.second_stage.history import of_items

NEIGHBOURS = 50


def catalogue(interactions: Interactions, as_of: int) -> Catalogue:
    """Of all items of `interactions`, which end by day `as_of`."""
    facts = of_items(interactions, as_of)
    similarity = ItemKnn(NEIGHBOURS).fit(interactions, as_of).similarity
    neighbours, nearness = _nearest(similarity, NEIGHBOURS)
    return Catalogue(as_of, tuple(facts), np.stack(list(facts.values()), axis=1), neighbours, nearness)


def _nearest(similarity: sp.csr_matrix, most: int) -> tuple[np.ndarray, np.ndarray]:
    """[I, N] columns of each row's entries, ascending, and their values; -1 and 0 where there are no more."""
    similarity.sort_indices()
    lengths = np.diff(similarity.indptr)
    shape = (similarity.shape[0], min(most, int(lengths.max(initial=0))))
    filled = np.arange(shape[1]) < lengths[:, None]
    neighbours, nearness = np.full(shape, -1, dtype=np.int32), np.zeros(shape, dtype=np.float32)
    neighbours[filled], nearness[filled] = similarity.indices, similarity.data
    return neighbours, nearness
