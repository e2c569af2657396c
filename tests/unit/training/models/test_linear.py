"""EASE and the graph filter against their definitions, written out densely."""

from __future__ import annotations

import numpy as np
import pytest

from recolake.errors import InvalidInputError
from training.datasets.interactions import Interactions
from training.models.ease import model as ease_module
from training.models.ease.config import Config as EaseConfig
from training.models.ease.model import Ease
from training.models.graph_filter import model as filter_module
from training.models.graph_filter.config import Config as FilterConfig
from training.models.graph_filter.model import GraphFilter, Spectra
from training.models.graph_filter.spectrum import normalised, spectrum
from training.models.memo import Memo

USERS, ITEMS = 30, 18


@pytest.fixture(scope="module")
def interactions() -> Interactions:
    random = np.random.default_rng(3)
    seen = random.random((USERS, ITEMS)) < random.random(ITEMS)
    seen[0] = seen[:, 0] = True
    user, item = seen.nonzero()
    texts = [np.array([f"{kind}{n:02}" for n in column]) for kind, column in (("u", user), ("i", item))]
    return Interactions.of(*texts, random.integers(0, 30, len(user)), np.ones(len(user), np.float32))


def _seen(interactions: Interactions) -> np.ndarray:
    return interactions.strength(0).toarray() > 0


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_each_item_of_ease_is_a_ridge_regression_on_all_others(
    interactions: Interactions, dropout: float
) -> None:
    seen, regularization = _seen(interactions).astype(float), 3.0
    found = Ease(EaseConfig(regularization=regularization, dropout=dropout)).fit(interactions, 29)
    for item in range(ITEMS):
        others = [other for other in range(ITEMS) if other != item]
        x, y = seen[:, others], seen[:, item]
        ridge = np.diag(regularization + dropout / (1 - dropout) * (x**2).sum(axis=0))
        expected = np.linalg.solve(x.T @ x + ridge, x.T @ y)
        np.testing.assert_allclose(found.weights[others, item], expected, atol=1e-5)
        assert found.weights[item, item] == 0
    np.testing.assert_allclose(found.scores(np.array([4, 2])), seen[[4, 2]] @ found.weights, atol=1e-5)


def test_long_histories_count_less_where_the_exponent_says_so(interactions: Interactions) -> None:
    seen, exponent = _seen(interactions).astype(float), 0.5
    lengths = seen.sum(axis=1)
    worth = (lengths / lengths.mean()) ** -exponent
    inverse = np.linalg.inv(seen.T @ (worth[:, None] * seen) + 2.0 * np.eye(ITEMS))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    found = Ease(EaseConfig(regularization=2.0, user_exponent=exponent)).fit(interactions, 29)
    np.testing.assert_allclose(found.weights, expected, atol=1e-5)


def test_ease_says_when_there_are_too_many_items(
    interactions: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ease_module, "MOST_ITEMS", ITEMS - 1)
    with pytest.raises(InvalidInputError, match="18 are too many"):
        Ease().fit(interactions, 29)


@pytest.mark.parametrize("at_once", [0, 10_000], ids=["user by user", "all items at once"])
@pytest.mark.parametrize("half_life", [None, 10.0])
@pytest.mark.parametrize(("tail", "bend"), [(0.6, 0.3), (0.6, 0.0), (0.0, 0.4), (0.0, 0.0)])
def test_the_filter_is_its_curve_over_the_spectrum(
    interactions: Interactions,
    at_once: int,
    half_life: float | None,
    tail: float,
    bend: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filter_module, "_MOST_ITEMS_AT_ONCE", at_once)
    config = FilterConfig(
        user_exponent=0.3,
        item_exponent=0.6,
        popularity_exponent=0.2,
        rank=5,
        cutoff=0.2,
        tail=tail,
        bend=bend,
        half_life_days=half_life,
    )
    seen = _seen(interactions).astype(float)
    adjacency = seen * seen.sum(axis=1)[:, None] ** -0.3 * seen.sum(axis=0) ** -0.6
    _, sizes, vectors = np.linalg.svd(adjacency)
    values = (sizes / sizes[0]) ** 2
    place = values / values[4]
    curve = values / (values + 0.2)
    curve[5:] = curve[4] * (tail * place + bend * place**2)[5:]
    gain = seen.sum(axis=0) ** 0.2
    history = np.minimum(interactions.strength(29, half_life).toarray(), 1.0)
    expected = (history / gain) @ (vectors.T * curve) @ vectors * gain
    model = GraphFilter(config, seed=2).fit(interactions, 29)
    np.testing.assert_allclose(model.scores(np.arange(USERS)), expected, atol=1e-3)
    if not tail and not bend:
        np.testing.assert_allclose(model.user_vectors @ model.item_vectors.T, expected, atol=1e-3)


def test_the_spectrum_has_the_squares_of_the_singular_values(interactions: Interactions) -> None:
    matrix = normalised(interactions.met, 0.5, 0.5)
    found = spectrum(matrix, 6, seed=0)
    sizes = np.linalg.svd(matrix.toarray(), compute_uv=False)
    np.testing.assert_allclose(found.values, (sizes[:6] / sizes[0]) ** 2, atol=1e-4)
    product = found.product
    np.testing.assert_allclose(product @ found.vectors, found.vectors * found.values, atol=1e-3)


def test_a_filter_with_more_signals_than_the_data_has_keeps_them_all(interactions: Interactions) -> None:
    scores = GraphFilter(FilterConfig(rank=500)).fit(interactions, 29).scores(np.arange(USERS))
    assert scores.shape == (USERS, ITEMS)
    assert np.isfinite(scores).all()


def test_what_is_kept_between_trials_changes_no_result(interactions: Interactions) -> None:
    spectra, memo = Spectra(), Memo[np.ndarray]()
    users = np.arange(USERS)
    for rank, exponent, life in ((5, 0.4, None), (3, 0.4, 7.0), (6, 0.4, None), (3, 0.1, None)):
        config = FilterConfig(rank=rank, user_exponent=exponent, half_life_days=life)
        kept = GraphFilter(config, 1, spectra).fit(interactions, 29).scores(users)
        fresh = GraphFilter(config, 1).fit(interactions, 29).scores(users)
        np.testing.assert_allclose(kept, fresh, atol=1e-3)
    for regularization, life in ((5.0, None), (5.0, 7.0), (9.0, 7.0)):
        settings = EaseConfig(regularization=regularization, half_life_days=life)
        again = Ease(settings, memo).fit(interactions, 29).scores(users)
        np.testing.assert_array_equal(again, Ease(settings).fit(interactions, 29).scores(users))
