"""Every kind of index answers with inner products, the same each time; masking shortens no answer."""

from __future__ import annotations

import faiss
import numpy as np
import pytest

from recolake.ranking.index.figures import Kind
from recolake.ranking.index.kinds import build, lists_for, one_thread, search
from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.ranking.model import VectorModel
from recolake.ranking.popularity import Popularity
from recolake.ranking.ragged import Ragged
from recolake.ranking.ranker import rank
from recolake.ranking.users import UserBatch

Catalogue = tuple[np.ndarray, np.ndarray]
each_kind = pytest.mark.parametrize("kind", Kind)


@each_kind
def test_the_same_vectors_and_seed_give_the_same_bytes(kind: Kind, catalogue: Catalogue) -> None:
    items, _ = catalogue
    first, second = (faiss.serialize_index(build(kind, items, seed=4)).tobytes() for _ in range(2))
    assert first == second


@each_kind
def test_looking_at_all_lists_finds_what_is_nearest(kind: Kind, catalogue: Catalogue) -> None:
    items, users = catalogue
    index = build(kind, items)
    scores, rows = search(index, users, len(items))
    product = users @ items.T
    np.testing.assert_array_equal(np.sort(rows, axis=1), np.tile(np.arange(len(items)), (len(users), 1)))
    # An 8-bit code is off by at most half a step of each number's range.
    coded = kind in (Kind.IVF_SQ8, Kind.SQ8)
    step = float((np.abs(users) @ np.ptp(items, axis=0)).max() / 255) if coded else 0.0
    np.testing.assert_allclose(scores, np.take_along_axis(product, rows, axis=1), atol=step + 1e-3)
    assert (np.diff(scores, axis=1) <= 0).all()


@each_kind
def test_whoever_took_much_still_gets_the_best_of_the_rest(kind: Kind, catalogue: Catalogue) -> None:
    items, users = catalogue
    weights = BlendWeights(vector=1.0, popularity=0.0, own=0.0)
    config = RankingConfig(new_items=weights, all_items=weights, nearest=20, popular=1)
    popularity = Popularity.of(np.zeros(len(items)), config.popularity_span)
    product = users[:20] @ items.T
    order = np.argsort(-product, axis=1)
    history = np.sort(order[:, :500], axis=1)
    offsets = np.arange(21) * 500
    people = UserBatch(
        users[:20],
        np.ones(20, np.bool_),
        Ragged(offsets, history.ravel()),
        np.ones(history.size, np.float32),
    )
    model = VectorModel(build(kind, items), items, popularity, config)
    found = rank(model, people, 10, include_seen=False).rows
    assert (found >= 0).all()
    assert all(not np.isin(row, own).any() for row, own in zip(found, history, strict=True))
    best = order[:, 500:510]
    shared = np.mean([len(np.intersect1d(a, b)) / 10 for a, b in zip(found, best, strict=True)])
    assert shared == 1.0 if kind is Kind.FLAT else shared > 0.8


@pytest.mark.parametrize("count", [1, 2, 5, 60])
@each_kind
def test_a_catalogue_of_few_items_is_no_trouble(kind: Kind, count: int) -> None:
    items = np.random.default_rng(count).standard_normal((count, 4)).astype(np.float32)
    _, rows = search(build(kind, items), items[:1], 100)
    assert rows.shape == (1, count)
    assert sorted(rows[0].tolist()) == list(range(count))


def test_lists_grow_with_the_root_of_the_catalogue_and_never_beyond_it() -> None:
    assert [lists_for(count) for count in (1, 3, 10_000, 100_000, 1_000_000)] == [1, 3, 512, 1024, 4096]


def test_one_thread_gives_back_as_many_as_it_took() -> None:
    before = faiss.omp_get_max_threads()
    with one_thread():
        assert faiss.omp_get_max_threads() == 1
    assert faiss.omp_get_max_threads() == before


def test_an_index_is_built_on_one_thread_and_the_others_are_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[int] = []

    class Watched(faiss.IndexFlatIP):
        def add(self, vectors: np.ndarray) -> None:
            seen.append(faiss.omp_get_max_threads())
            super().add(vectors)

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(2)
    try:
        monkeypatch.setattr(faiss, "IndexFlatIP", Watched)
        build(Kind.FLAT, np.eye(3, dtype=np.float32))
        assert (seen, faiss.omp_get_max_threads()) == ([1], 2)
    finally:
        faiss.omp_set_num_threads(before)
