"""Choosing and measuring: the champion is ranked as serving ranks, and sees nothing of its test window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recolake.quality import CHAMPION
from recolake.ranking.ragged import Ragged
from training.config import MF, SEARCH_SPACE, START, Algorithm, ModelConfig
from training.datasets.dataset import Dataset, ItemDays
from training.datasets.histories import histories
from training.datasets.interactions import NEVER, Interactions
from training.datasets.split import temporal_split
from training.evaluation.protocol import DEPTH, Target, by_model, evaluate
from training.experiment import BASELINES, measure_champion, run_experiment
from training.models.matrix_factorization.config import Config
from training.models.popularity.model import Popularity

CONFIG = ModelConfig(
    algorithm=Algorithm(name=MF, settings=Config(factors=8, regularization=2.0)), ranking=START
)


def test_the_champion_beats_popularity_where_taste_decides(world: Dataset) -> None:
    experiment = run_experiment(world, 0, lambda _: None, CONFIG)
    assert set(experiment.results) == {CHAMPION, *(make().name for make in BASELINES)}
    for target in Target:
        champion = experiment.results[CHAMPION][target].metrics["ndcg@10"]
        assert champion.low > experiment.results["popularity"][target].metrics["ndcg@10"].high
        assert 0 < experiment.results[CHAMPION][target].metrics["recall@20"].value <= 1


def test_the_same_seed_gives_the_same_figures(world: Dataset) -> None:
    first, second = (run_experiment(world, 3, lambda _: None, CONFIG) for _ in range(2))
    assert (
        first.results[CHAMPION][Target.ALL_ITEMS].metrics
        == second.results[CHAMPION][Target.ALL_ITEMS].metrics
    )


def test_what_happens_in_the_window_does_not_change_what_is_recommended(world: Dataset) -> None:
    split = temporal_split(world.interactions)
    assert split is not None
    after = world.item_days.day >= split.first_day
    weight = np.where(after, 1000, world.item_days.weight).astype(np.float32)
    other = replace(world.item_days, weight=weight)
    one = measure_champion(world, split, CONFIG, 0)
    two = measure_champion(replace(world, item_days=other), split, CONFIG, 0)
    for target in Target:
        np.testing.assert_array_equal(one[target].ndcg, two[target].ndcg)


def test_nothing_taken_before_is_recommended_as_new(world: Dataset) -> None:
    split = temporal_split(world.interactions)
    assert split is not None
    model = Popularity().fit(split.train, split.as_of)
    users = np.arange(split.train.shape[0])
    ranked = by_model(model, split, Target.NEW_ITEMS)(users)
    taken = split.train.taken
    assert ranked.shape == (len(users), DEPTH)
    assert not any(taken[user, item] for user in users for item in ranked[user] if item >= 0)
    assert any(
        taken[user, item] for user in users for item in by_model(model, split, Target.ALL_ITEMS)(users)[user]
    )


def test_looking_at_an_item_is_evidence_but_neither_masks_it_nor_counts_as_foreseen(world: Dataset) -> None:
    """People look at what they buy later: a look changes the vectors, not what may be shown or is asked."""
    bought = world.interactions
    split = temporal_split(bought)
    assert split is not None
    # Before the window everybody looks at what they will buy within it; in the window, at everything.
    looks = [(user, item, split.as_of) for user, item in _pairs(split.new_items)]
    looks += [(user, item, split.last_day) for user in range(bought.shape[0]) for item in range(5)]
    user, item, day = (np.array(column) for column in zip(*looks, strict=True))
    looked = Interactions.of(
        np.concatenate([bought.user_ids[bought.user], split.train.user_ids[user]]),
        np.concatenate([bought.item_ids[bought.item], split.train.item_ids[item]]),
        np.concatenate([bought.day, day]),
        np.concatenate([bought.weight, np.full(len(looks), 0.2, dtype=np.float32)]),
        np.concatenate([bought.taken_at, np.full(len(looks), NEVER)]),
    )
    again = temporal_split(looked)
    assert again is not None
    for target in Target:
        assert _pairs(target.truth(again)) == _pairs(target.truth(split))
    rows, _ = histories(again.train, again.as_of)
    assert _pairs(rows) == _pairs(histories(split.train, split.as_of)[0])
    with_looks = measure_champion(replace(world, interactions=looked), again, CONFIG, 0)
    without = measure_champion(world, split, CONFIG, 0)
    for target in Target:
        assert with_looks[target].metrics["ndcg@10"].value > without[target].metrics["ndcg@10"].value


def _pairs(ragged: Ragged) -> list[tuple[int, int]]:
    return list(zip(ragged.owners.tolist(), ragged.rows.tolist(), strict=True))


def test_where_nobody_takes_anything_there_is_nothing_to_measure(world: Dataset) -> None:
    never = np.full(len(world.interactions), NEVER)
    only_looked = replace(world, interactions=replace(world.interactions, taken_at=never))
    said: list[str] = []
    experiment = run_experiment(only_looked, 0, said.append)
    assert experiment.results == {}
    assert "0 people" in said[0]


def test_progress_tells_the_window_every_trial_and_every_model(world: Dataset) -> None:
    said: list[str] = []
    run_experiment(world, 0, said.append)
    assert said[0].startswith("test window 2011-03-")
    assert [line.split(":")[0] for line in said if line.startswith("tuning")] == [
        f"tuning {number}/{len(SEARCH_SPACE)}" for number in range(1, len(SEARCH_SPACE) + 1)
    ]
    assert len([line for line in said if "measured on the test window" in line]) == 1 + len(BASELINES)


def test_tuning_prefers_what_is_right_on_the_validation_window(world: Dataset) -> None:
    experiment = run_experiment(world, 0, lambda _: None)
    tried = [trial.mean for trial in experiment.validation]
    assert experiment.config == experiment.validation[0].model
    assert tried == sorted(tried, reverse=True)
    assert len(tried) > 1


@pytest.mark.parametrize("days", [1, 2])
def test_data_too_short_to_measure_still_gives_a_configuration(days: int) -> None:
    users, items = np.array(["a", "b", "c"]), np.array(["x", "y", "x"])
    at, weights = np.arange(3) % days, np.ones(3, dtype=np.float32)
    dataset = Dataset(
        Interactions.of(users, items, at, weights), ItemDays.of(items, at, weights), {}, {}, {}, ()
    )
    experiment = run_experiment(dataset, 0, lambda _: None)
    assert not experiment.results.get(CHAMPION) or experiment.split is not None
    assert experiment.config.ranking == START


def test_online_retail_is_cut_into_the_published_split(shared_data: Path, tmp_path: Path) -> None:
    """The temporal split of the wholesaler, from its clean purchases: numbers known from elsewhere."""
    import subprocess
    import sys

    import pandas as pd

    script = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[1]); "
        "import splits; splits.online_retail(pathlib.Path(sys.argv[2]))"
    )
    subprocess.run([sys.executable, "-c", script, str(shared_data), str(tmp_path)], check=True)
    events = pd.concat([pd.read_csv(tmp_path / f"{name}.csv", dtype=str) for name in ("train", "test")])
    day = pd.to_datetime(events["timestamp"]).to_numpy().astype("datetime64[D]").astype(np.int64)
    weights = np.ones(len(day), dtype=np.float32)
    items = events["item"].to_numpy(dtype=np.str_)
    interactions = Interactions.of(events["user"].to_numpy(dtype=np.str_), items, day, weights)
    split = temporal_split(interactions)
    assert split is not None
    assert str(np.datetime64(split.first_day, "D")) == "2011-11-09"
    assert (split.train.shape, (split.all_items.lengths > 0).sum(), (split.new_items.lengths > 0).sum()) == (
        (4063, 3618),
        1394,
        1287,
    )
    popularity = Popularity().fit(split.train, split.as_of)
    found = evaluate(lambda target: by_model(popularity, split, target), split, seed=0)
    assert found[Target.NEW_ITEMS].metrics["ndcg@10"].value == pytest.approx(0.034, abs=5e-4)
    assert found[Target.NEW_ITEMS].metrics["recall@20"].value == pytest.approx(0.037, abs=5e-4)
    assert found[Target.ALL_ITEMS].metrics["ndcg@10"].value == pytest.approx(0.081, abs=5e-4)
    assert found[Target.ALL_ITEMS].metrics["recall@20"].value == pytest.approx(0.061, abs=5e-4)
