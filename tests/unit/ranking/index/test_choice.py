"""Small catalogues are searched exactly; larger ones by what reaches the recall that is asked of it."""

from __future__ import annotations

import faiss
import numpy as np
import pytest

from recolake.ranking.index import choice
from recolake.ranking.index.choice import Truth, choose_index, queries
from recolake.ranking.index.figures import Kind
from recolake.ranking.index.kinds import build, search

Catalogue = tuple[np.ndarray, np.ndarray]


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catalogues of a test count as large."""
    monkeypatch.setattr(choice, "EXACT_ITEMS", 1_000)


def test_a_small_catalogue_is_searched_exactly(catalogue: Catalogue) -> None:
    index, figures = choose_index(*catalogue, depth=50)
    assert isinstance(index, faiss.IndexFlatIP)
    assert (figures.kind, figures.parameters, figures.recall_at_10) == (Kind.FLAT, {}, 1.0)
    assert figures.bytes_per_item == pytest.approx(4 * index.d, rel=0.01)
    assert figures.queries_per_second > 0


@pytest.mark.usefixtures("large")
def test_a_large_one_gets_an_index_that_keeps_what_its_figures_promise(catalogue: Catalogue) -> None:
    items, users = catalogue
    index, figures = choose_index(items, users, depth=50)
    assert figures.kind is Kind.IVF_SQ8
    assert figures.bytes_per_item < 4 * index.d
    for count, recall in ((10, figures.recall_at_10), (50, figures.recall_at_depth)):
        exact = np.argsort(-(users @ items.T), axis=1)[:, :count]
        found = search(index, users, count)[1]
        shared = [len(np.intersect1d(a, b)) / count for a, b in zip(found, exact, strict=True)]
        assert np.mean(shared) == pytest.approx(recall, abs=1e-6)
    assert figures.recall_at_10 >= choice.TARGET_RECALL
    assert figures.queries == len(users)


@pytest.mark.usefixtures("large")
def test_where_codes_of_a_byte_are_too_coarse_the_vectors_themselves_are_kept(catalogue: Catalogue) -> None:
    items, users = catalogue
    spread = items.copy()
    # One item so long that a step of the code is longer than all others.
    spread[0] *= 1e5
    _, figures = choose_index(spread, users, depth=50)
    assert figures.kind is Kind.IVF_FLAT
    assert figures.recall_at_10 >= choice.TARGET_RECALL


def test_where_no_part_of_the_lists_is_enough_all_items_are_looked_at_by_their_codes(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, large: None
) -> None:
    monkeypatch.setattr(choice, "_MOST_PROBED", 1_000)
    index, figures = choose_index(*catalogue, depth=50)
    assert (figures.kind, figures.parameters) == (Kind.SQ8, {})
    assert choice.TARGET_RECALL <= figures.recall_at_10 < 1
    assert figures.bytes_per_item < 1.2 * index.d


def test_where_codes_are_not_enough_either_the_search_is_exact(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, large: None
) -> None:
    monkeypatch.setattr(choice, "TARGET_RECALL", 1.1)
    index, figures = choose_index(*catalogue, depth=50)
    assert (figures.kind, isinstance(index, faiss.IndexFlatIP)) == (Kind.FLAT, True)


@pytest.mark.usefixtures("large")
def test_the_choice_is_the_same_each_time(catalogue: Catalogue) -> None:
    made = [choose_index(*catalogue, depth=50, seed=2) for _ in range(2)]
    first, second = (faiss.serialize_index(index).tobytes() for index, _ in made)
    assert first == second
    slow = {"queries_per_second", "queries_per_second_at_depth"}
    assert made[0][1].model_dump(exclude=slow) == made[1][1].model_dump(exclude=slow)


@pytest.mark.parametrize("users", [np.empty((0, 16)), np.zeros((5, 16))], ids=["nobody", "no vector"])
def test_without_people_mixtures_of_items_ask(users: np.ndarray, catalogue: Catalogue) -> None:
    asked = queries(catalogue[0], users.astype(np.float32), seed=0)
    assert asked.shape == (1_000, 16)
    assert np.isfinite(asked).all()
    assert asked.any(axis=1).all()


def test_recall_counts_what_is_missing_and_what_is_wrong() -> None:
    items = np.eye(4, dtype=np.float32) * np.arange(1, 5, dtype=np.float32)[:, None]
    asking = np.array([[1, 1, 1, 1], [4, 0, 0, 0]], dtype=np.float32)
    truth = Truth(build(Kind.FLAT, items), asking, depth=2)
    other = items.copy()
    other[3] = 0
    # The first loses row 3 of 3 and 2; of the second's 0, and a row of zero, nothing is lost.
    assert truth.recall(build(Kind.FLAT, other), 1) == pytest.approx(0.5)
