"""Companions say what they hold, and a file that does not fit its artefact is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recolake.errors import ArtifactError
from recolake.ranking.companions import Companions

KNOWN = Companions(
    np.array([0, 2, 3, 3]), np.array([1, 2, 0]), np.array([5, 2, 5]), np.array([0.5, 0.25, 0.5], np.float32)
)


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "companions.npz"
    path.write_bytes(KNOWN.with_unmet(1).to_bytes())
    found = Companions.open(path, 4)
    assert found.offsets.tolist() == [0, 2, 3, 3, 3]
    assert found.beside(np.array([0])).tolist() == [0, 0.5, 0.25, 0]


def test_the_mean_over_a_basket_is_the_sum_of_its_parts() -> None:
    basket = np.array([0, 1])
    assert KNOWN.beside(basket).tolist() == [0.25, 0.25, 0.125]
    assert KNOWN.parts(basket, np.array([2, 0])).tolist() == [[0.125, 0], [0, 0.25]]


@pytest.mark.parametrize(
    "wrong",
    [
        replace(KNOWN, offsets=np.array([0, 2, 3])),
        replace(KNOWN, offsets=np.array([0, 3, 2, 3])),
        replace(KNOWN, items=np.array([1, 3, 0])),
        replace(KNOWN, scores=np.array([0.5, np.nan, 0.5], np.float32)),
        replace(KNOWN, scores=np.array([0.5, 1.5, 0.5], np.float32)),
        replace(KNOWN, visits=np.array([5, 0, 5])),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, wrong: Companions) -> None:
    path = tmp_path / "companions.npz"
    path.write_bytes(wrong.to_bytes())
    with pytest.raises(ArtifactError, match="do not fit"):
        Companions.open(path, 3)


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "companions.npz"
    path.write_bytes(b"PK torn")
    with pytest.raises(ArtifactError, match="cannot be read"):
        Companions.open(path, 3)
