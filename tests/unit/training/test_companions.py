"""Companions are counted over visits, against what chance would bring, and not from one coincidence."""

from __future__ import annotations

import numpy as np
import pytest

from training import companions as counting
from training.companions import companions
from training.datasets.interactions import NEVER, Interactions


def _visits(*visits: tuple[str, int, str], looked_at: tuple[tuple[str, int, str], ...] = ()) -> Interactions:
    """Each of a person, a day, and items as letters that they took; or looked at alone."""
    rows = [(who, item, day, True) for who, day, items in visits for item in items]
    rows += [(who, item, day, False) for who, day, items in looked_at for item in items]
    days = np.array([day for _, _, day, _ in rows])
    taken = np.where([each[3] for each in rows], days * 86_400_000_000, NEVER)
    return Interactions.of(
        [each[0] for each in rows],
        [each[1] for each in rows],
        days,
        np.ones(len(rows), np.float32),
        taken,
    )


def test_the_score_is_common_visits_over_the_mean_of_all_and_the_best_comes_first() -> None:
    found = companions(_visits(("ann", 1, "abc"), ("ann", 2, "ab"), ("ben", 1, "ac"), ("ben", 2, "a")))
    assert found is not None
    own = slice(found.offsets[0], found.offsets[1])
    assert found.items[own].tolist() == [1, 2]
    assert found.visits[own].tolist() == [2, 2]
    assert found.scores[own] == pytest.approx([2 / np.sqrt(4 * 2)] * 2)
    # b and c came together once, which may be chance.
    assert found.items[found.offsets[1] : found.offsets[2]].tolist() == [0]


def test_what_was_looked_at_or_taken_on_another_day_was_not_taken_together() -> None:
    apart = _visits(("ann", 1, "a"), ("ann", 2, "b"), ("ben", 1, "a"), ("ben", 2, "b"))
    looked = _visits(("ann", 1, "a"), ("ben", 1, "a"), looked_at=(("ann", 1, "b"), ("ben", 1, "b")))
    assert companions(apart) is None
    assert companions(looked) is None


def test_who_takes_everything_at_once_says_nothing_of_what_belongs_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(counting, "_MOST_TAKEN", 2)
    found = companions(_visits(("ann", 1, "abc"), ("ann", 2, "abc"), ("ben", 1, "ab"), ("cat", 1, "ab")))
    assert found is not None
    assert found.items.tolist() == [1, 0]


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    letters = list("abcdefghijkl")
    visits = [(f"p{n}", 1, "".join(random.choice(letters, 4, replace=False))) for n in range(60)]
    whole = companions(_visits(*visits))
    monkeypatch.setattr(counting, "_BLOCK", 5)
    parts = companions(_visits(*visits))
    assert whole is not None
    assert parts is not None
    assert whole.to_bytes() == parts.to_bytes()
