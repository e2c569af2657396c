"""The named slices hold whom and what their names say, as of the day before the window."""

from __future__ import annotations

import numpy as np
import pytest

from recolake.ranking.ragged import Ragged
from training.datasets.dataset import Dataset
from training.datasets.interactions import NEVER, Interactions
from training.datasets.split import Split, temporal_split
from training.evaluation.bootstrap import PartMean, estimates, mean
from training.evaluation.protocol import Target, by_model, evaluate
from training.evaluation.slices import Slice, Slices
from training.models.popularity.model import Popularity


def _split(events: list[tuple[str, str, int]], taken_at: list[int] | None = None) -> Split:
    users, items, days = (np.array(column) for column in zip(*events, strict=True))
    moments = None if taken_at is None else np.array(taken_at)
    found = temporal_split(Interactions.of(users, items, days, np.ones(len(events)), moments))
    assert found is not None
    return found


def _pairs(ragged: Ragged) -> set[tuple[int, int]]:
    return set(zip(ragged.owners.tolist(), ragged.rows.tolist(), strict=True))


def test_cold_users_are_those_with_at_most_three_events_before_the_window() -> None:
    before = [("few", "a", 0), ("few", "b", 1), ("few", "c", 2), *(("many", item, 3) for item in "abcd")]
    within = [("few", "d", 99), ("many", "a", 99), *(("few", item, 98) for item in "abc")]
    split = _split(before + within)
    slices = Slices.of(split)
    assert split.train.user_ids[slices.cold].tolist() == ["few"]
    found = _pairs(slices.within(Slice.COLD_USERS, split.all_items))
    assert found == {(0, item) for item in range(4)}


def test_the_short_head_is_the_fewest_items_with_a_third_of_what_was_taken() -> None:
    # a: 4 people, b: 3, c to g: 1 each, 12 in all; a alone reaches 4. Looks count for nothing.
    takers = {"a": 4, "b": 3, **dict.fromkeys("cdefg", 1)}
    events = [(f"p{n}", item, 0) for item, count in takers.items() for n in range(count)]
    looks = [(f"p{n}", "g", 1) for n in range(1, 9)]
    end = [("p0", item, 99) for item in takers]
    split = _split(events + looks + end, [0] * len(events) + [NEVER] * len(looks) + [99] * len(end))
    slices = Slices.of(split)
    assert split.train.item_ids[~slices.tail].tolist() == ["a"]
    found = slices.within(Slice.LONG_TAIL_ITEMS, split.all_items)
    assert {split.train.item_ids[row] for _, row in _pairs(found)} == set("bcdefg")


def test_fresh_items_were_first_seen_at_most_a_windows_length_before_the_window() -> None:
    # 100 days: the window has 20, so it begins on day 80, and what is fresh was first seen from day 60 on.
    events = [("p", "old", 0), ("p", "old", 70), ("p", "just-not", 59), ("p", "just", 60), ("p", "late", 79)]
    split = _split([*events, *(("p", item, 99) for item in ("old", "just-not", "just", "late"))])
    assert (split.first_day, split.last_day) == (80, 99)
    slices = Slices.of(split)
    assert split.train.item_ids[slices.fresh].tolist() == ["just", "late"]


@pytest.mark.parametrize("target", list(Target))
def test_a_slice_is_a_part_of_the_truth_and_its_ndcg_is_of_the_same_lists(
    world: Dataset, target: Target
) -> None:
    split = temporal_split(world.interactions)
    assert split is not None
    model = Popularity().fit(split.train, split.as_of)
    scores = evaluate(lambda wanted: by_model(model, split, wanted), split, seed=0)[target]
    slices, truth = Slices.of(split), target.truth(split)
    for part in Slice:
        wanted = slices.within(part, truth)
        assert _pairs(wanted) <= _pairs(truth)
        people = int((wanted.lengths > 0).sum())
        assert (part in scores.slices) == (people > 0)
        if people:
            assert len(scores.slices[part].ndcg) == people
            assert 0 <= scores.slices[part].estimate.value <= 1
    tail = scores.slices[Slice.LONG_TAIL_ITEMS].estimate.value
    assert tail < scores.metrics["ndcg@10"].value, "popularity is worse at what is not popular"


def test_a_slice_has_the_interval_of_its_own_people_from_the_same_resamples() -> None:
    random = np.random.default_rng(5)
    members = random.random(3_000) < 0.3
    values = np.where(members, random.random(3_000), 0.0)
    part = estimates({"part": PartMean(values, members)}, 3_000, seed=0)["part"]
    alone = mean(values[members], seed=0)
    assert part.value == pytest.approx(alone.value)
    assert part.high - part.low == pytest.approx(alone.high - alone.low, rel=0.15)


def test_a_slice_of_one_person_who_is_often_not_drawn_still_has_an_interval() -> None:
    members = np.arange(50) == 7
    found = estimates({"part": PartMean(np.where(members, 0.5, 0.0), members)}, 50, seed=0)["part"]
    assert (found.low, found.value, found.high) == (0.5, 0.5, 0.5)
