"""A vector with what somebody did since is the one that the model's own solver would give them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recolake.moments import microseconds
from recolake.profile.deeds import Recent
from recolake.ranking.artifact import Artifact, UserVectors, load_artifact
from recolake.ranking.artifact_writer import Origin, write_artifact
from recolake.ranking.evidence import Evidence
from recolake.ranking.explain import contributions
from recolake.ranking.fold_in import folded, of_items, solved
from recolake.ranking.items import Items
from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.ranking.taken import with_taken
from recolake.ranking.users import Habits
from recolake.tenancy.context import Tenant

ITEMS, DIMENSION, REGULARIZATION, ALPHA = 30, 6, 3.0, 2.5
OWN, CONFIDENCE = np.array([2, 7, 11]), np.array([1.5, 0.5, 2.0])
DAY = 86_400_000_000


def made(folder: Path, *, least_squares: bool = True, logarithmic: bool = False) -> Artifact:
    """Knows `ann`, by her own three items."""
    random = np.random.default_rng(5)
    vectors = random.standard_normal((ITEMS, DIMENSION)).astype(np.float32)
    regularization = REGULARIZATION if least_squares else None
    own = (
        exact(vectors, dict(zip(OWN.tolist(), CONFIDENCE.tolist(), strict=True)))
        if least_squares
        else CONFIDENCE @ vectors[OWN]
    )
    settings = {"alpha": ALPHA, "logarithmic": logarithmic}
    weights = BlendWeights(vector=1, popularity=0.5, own=1)
    ids = tuple(f"i{n}" for n in range(ITEMS))
    config = {"algorithm": {"name": "mf", "settings": settings}}
    write_artifact(
        folder,
        Origin(Tenant("shop"), "model", "v1", "run", "commit", config, 7, {}, []),
        RankingConfig(new_items=weights, all_items=weights),
        Items(ids, ids, tuple({} for _ in ids)),
        vectors,
        np.zeros(ITEMS),
        UserVectors(("ann",), own[None].astype(np.float32)),
        Evidence.of(["ann"], np.array([0, 3]), OWN, CONFIDENCE, regularization),
    )
    return load_artifact(folder, Tenant("shop"))


def exact(vectors: Any, confidence: dict[int, float]) -> Any:
    """The normal equations, written out over all items."""
    extra, target = np.zeros(ITEMS), np.zeros(ITEMS)
    for row, each in confidence.items():
        extra[row], target[row] = each, 1.0
    wide = vectors.astype(np.float64)
    system = wide.T @ np.diag(1 + extra) @ wide + REGULARIZATION * np.eye(DIMENSION)
    return np.linalg.solve(system, wide.T @ ((1 + extra) * target))


def doing(artifact: Artifact, *deeds: tuple[str, str], later: int = 1) -> Recent:
    at = microseconds(artifact.manifest.created_at + timedelta(hours=later))
    items, types = zip(*deeds, strict=True)
    return Recent(items, types, [at] * len(items))


def test_a_stranger_gets_the_vector_that_training_would_give_them(tmp_path: Path) -> None:
    artifact = made(tmp_path / "v1")
    recent = doing(artifact, ("i4", "purchase"), ("i9", "view"), ("i9", "click"), ("gone", "view"))
    found = folded(artifact, "zoe", None, recent)
    assert found is not None
    wanted = exact(artifact.vectors, {4: ALPHA, 9: ALPHA * 0.5})
    np.testing.assert_allclose(found[0], wanted, rtol=1e-4)


@pytest.mark.parametrize("logarithmic", [False, True])
def test_somebody_known_gets_the_vector_of_all_that_they_did(tmp_path: Path, logarithmic: bool) -> None:
    artifact = made(tmp_path / "v1", logarithmic=logarithmic)
    before = exact(artifact.vectors, dict(zip(OWN.tolist(), CONFIDENCE.tolist(), strict=True)))
    found = folded(artifact, "ann", before, doing(artifact, ("i7", "purchase"), ("i20", "cart")))
    assert found is not None
    if logarithmic:
        again = ALPHA * np.log1p(np.expm1(0.5 / ALPHA) + 1.0)
        wanted = exact(artifact.vectors, {2: 1.5, 11: 2.0, 7: again, 20: ALPHA * np.log1p(0.5)})
    else:
        wanted = exact(artifact.vectors, {2: 1.5, 11: 2.0, 7: 0.5 + ALPHA, 20: ALPHA * 0.5})
    np.testing.assert_allclose(found[0], wanted, rtol=1e-4)


def test_what_the_vector_holds_already_is_not_counted_twice(tmp_path: Path) -> None:
    artifact = made(tmp_path / "v1")
    vector = np.ones(DIMENSION, np.float32)
    assert folded(artifact, "ann", vector, doing(artifact, ("i7", "purchase"), later=-1)) is None
    assert folded(artifact, "ann", vector, doing(artifact, ("i8", "purchase"), later=-1)) is not None


def test_a_sum_gets_the_new_items_added_with_the_weight_that_others_have_of_them(tmp_path: Path) -> None:
    artifact = made(tmp_path / "v1", least_squares=False)
    vector = (CONFIDENCE @ artifact.vectors[OWN]).astype(np.float32)
    found = folded(artifact, "zoe", None, doing(artifact, ("i2", "cart")))
    assert found is not None
    np.testing.assert_allclose(found[0], 1.5 * 0.5 * artifact.vectors[2], rtol=1e-5)
    same = folded(artifact, "ann", vector, doing(artifact, ("i2", "purchase")))
    assert same is not None
    np.testing.assert_allclose(same[0], vector, rtol=1e-5)


def test_a_session_is_somebody_of_whom_its_items_alone_are_known(tmp_path: Path) -> None:
    artifact, rows, weights = made(tmp_path / "v1"), np.array([4, 9]), np.array([1.0, 0.5])
    # An item of weight 1 holds as firmly as the median of what people have.
    wanted = exact(artifact.vectors, {4: 1.5, 9: 0.75})
    np.testing.assert_allclose(solved(artifact, of_items(artifact, rows, weights)), wanted, rtol=1e-4)
    mean = (artifact.vectors[4] + 0.5 * artifact.vectors[9]) / 1.5
    for other in (made(tmp_path / "v2", least_squares=False), replace(artifact, evidence=None)):
        np.testing.assert_allclose(solved(other, of_items(other, rows, weights)), mean, rtol=1e-4)


def test_explanations_add_up_to_the_folded_vector(tmp_path: Path) -> None:
    artifact = made(tmp_path / "v1")
    recent = doing(artifact, ("i4", "purchase"), ("i9", "view"))
    found = folded(artifact, "zoe", None, recent)
    assert found is not None
    parts = contributions(artifact, "zoe", found[0], range(ITEMS), found[1])
    assert parts is not None
    np.testing.assert_allclose(parts.affinity, artifact.vectors @ found[0], atol=1e-4)
    assert set(parts.items.tolist()) == {4, 9}


def test_somebody_placed_by_what_they_are_moves_from_there(tmp_path: Path) -> None:
    artifact = made(tmp_path / "v1")
    prior = np.full(DIMENSION, 0.7, np.float32)
    found = folded(artifact, "new", prior, doing(artifact, ("i4", "purchase")))
    assert found is not None
    moved = artifact.vectors[4] @ (found[0] - prior)
    assert abs(1 - artifact.vectors[4] @ found[0]) < abs(1 - artifact.vectors[4] @ prior)
    assert moved != 0
    # What was not told stands for itself, so there is nothing to explain it by.
    assert contributions(artifact, "new", found[0], [0], found[1]) is None


def test_a_history_gets_what_was_taken_since_and_nothing_twice() -> None:
    recent = Recent(seen=["b", "c"], seen_times=[12 * DAY + 5, 10 * DAY + 5])
    history = with_taken(["a", "b"], [1.0, 0.5], Habits.of([1, 2], [10, 3], [10, 9]), recent)
    items, weights, habits = history
    assert items == ["c", "a", "b"]
    assert weights == pytest.approx([1.0, 1.0, 0.5 + 2 ** (2 / 60)])
    assert habits is not None
    assert [habits.days.tolist(), habits.first.tolist(), habits.last.tolist()] == [
        [1, 1, 3],
        [10, 10, 3],
        [10, 10, 12],
    ]
    again = with_taken(items, weights, habits, recent)
    assert (again[0], again[1]) == (items, weights)


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30 * DAY)))
def test_a_history_from_before_days_were_told_only_gets_longer(taken: dict[str, int]) -> None:
    recent = Recent(seen=list(taken), seen_times=list(taken.values()))
    items, weights, habits = with_taken(["a", "z"], [1.0, 2.0], None, recent)
    assert sorted(items) == sorted({*taken, "a", "z"})
    assert len(weights) == len(items)
    assert habits is None
