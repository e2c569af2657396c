"""Building and asking FAISS indexes of item vectors by inner product."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from recolake.ranking.index.extended import Extended, merged
from recolake.ranking.index.figures import Kind
from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray

# FAISS's guide asks for 4 to 16 lists per square root of a catalogue, and 39 points a list to learn from.
_LISTS_PER_ROOT = 4
_POINTS_PER_LIST = 64
# The lists that are looked at hold so many times the items that are asked for.
_SPARE = 4


def build(kind: Kind, vectors: FloatArray, seed: int = 0) -> Any:
    """An index of [I, d] vectors; the same vectors and seed give the same bytes.

    The lists of an inverted file are found by direction (spherical k-means). Learnt by plain inner product,
    as FAISS does unless told otherwise, those with the longest centroids would draw most items, for the
    lengths of item vectors follow popularity.
    """
    import faiss

    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    count, dimension = vectors.shape
    index: Any
    if kind is Kind.FLAT:
        index = faiss.IndexFlatIP(dimension)
    elif kind is Kind.SQ8:
        code = faiss.ScalarQuantizer.QT_8bit
        index = faiss.IndexScalarQuantizer(dimension, code, faiss.METRIC_INNER_PRODUCT)
    else:
        index = _lists(kind, count, dimension, seed)
    with one_thread():
        if not index.is_trained:
            index.train(vectors)
        index.add(vectors)
        if isinstance(index, faiss.IndexIVF):
            _weigh_lists(index, vectors)
    return index


def _lists(kind: Kind, count: int, dimension: int, seed: int) -> Any:
    import faiss

    directions = faiss.IndexFlatIP(dimension)
    shape = (directions, dimension, lists_for(count))
    index: Any
    if kind is Kind.IVF_FLAT:
        index = faiss.IndexIVFFlat(*shape, faiss.METRIC_INNER_PRODUCT)
    else:
        code = faiss.ScalarQuantizer.QT_8bit
        # Of whole vectors: what a centroid of length 1 leaves of them is no smaller.
        index = faiss.IndexIVFScalarQuantizer(*shape, code, faiss.METRIC_INNER_PRODUCT, False)
    index.cp.spherical, index.cp.seed = True, 1 + seed
    index.cp.max_points_per_centroid = _POINTS_PER_LIST
    index.cp.min_points_per_centroid = 1
    return index


def _weigh_lists(index: Any, vectors: FloatArray) -> None:
    """Give each list's direction the length of its longest item, now that all items are in their lists.

    Lists are looked at in the order of their products with the query. So scaled, a product is near the
    largest that the list can hold, and a quarter of the lists finds as much as without.
    """
    directions = index.quantizer.reconstruct_n(0, index.nlist)
    own = index.quantizer.search(vectors, 1)[1][:, 0]
    longest = np.zeros(index.nlist, dtype=np.float32)
    np.maximum.at(longest, own, np.linalg.norm(vectors, axis=1))
    index.quantizer.reset()
    index.quantizer.add(directions * longest[:, None])


def lists_for(count: int) -> int:
    """Lists of an inverted file of so many items: a power of two near 4 times the square root."""
    return int(min(2 ** round(math.log2(_LISTS_PER_ROOT * math.sqrt(count))), count))


def search(
    index: Any, queries: FloatArray, count: int, among: npt.NDArray[np.bool_] | None = None
) -> tuple[FloatArray, IntArray]:
    """Scores and rows [n, at most count] of the largest inner products; -1 where the index found nothing.

    Asked for more than its usual lists are sure to hold, an inverted file looks at more of them: long
    histories are masked only after the search.

    Args:
        among: [I] the items that may be found; fewer of them are spread over more lists.
    """
    import faiss

    queries = np.ascontiguousarray(queries, dtype=np.float32)
    if isinstance(index, Extended):
        return _search_extended(index, queries, count, among)
    total = index.ntotal if among is None else max(1, int(among.sum()))
    found = min(count, total)
    # FAISS keeps no copy of the bits.
    bits = None if among is None else np.packbits(among, bitorder="little")
    selector: Any = faiss.IDSelectorBitmap
    only = {} if bits is None else {"sel": selector(bits)}
    if not isinstance(index, faiss.IndexIVF):
        if not only:
            scores, rows = index.search(queries, found)
        else:
            scores, rows = index.search(queries, found, params=faiss.SearchParameters(**only))
        return scores, rows
    needed = math.ceil(index.nlist * _SPARE * found / total)
    probes: Any = faiss.SearchParametersIVF(**only)
    probes.nprobe = min(max(index.nprobe, needed), index.nlist)
    scores, rows = index.search(queries, found, params=probes)
    return scores, rows


def _search_extended(
    index: Extended, queries: FloatArray, count: int, among: npt.NDArray[np.bool_] | None
) -> tuple[FloatArray, IntArray]:
    built = int(index.index.ntotal)
    scores, rows = search(index.index, queries, count, None if among is None else among[:built])
    products = (queries @ index.vectors.T).astype(np.float32)
    if among is not None:
        products = np.where(among[built:], products, np.float32(-np.inf))
    return merged(scores, rows, products, built, count)


@contextmanager
def one_thread() -> Iterator[None]:
    """FAISS on one thread: sums in one order, so that the same vectors give the same index."""
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
