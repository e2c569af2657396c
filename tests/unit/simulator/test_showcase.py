"""What a simulated log promises: the propensities are those that were followed, and the truth is true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recolake.errors import InvalidInputError
from recolake.simulator.showcase import LogConfig, Showcase, showcase, write_log


@pytest.fixture(scope="module")
def page() -> Showcase:
    return showcase(LogConfig())


def test_the_same_configuration_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_log(tmp_path / name, LogConfig(requests=50))
    for file in ("log.csv", "policy.csv", "truth.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_the_truth_is_what_many_requests_earn(page: Showcase) -> None:
    reward = page.shown(np.random.default_rng(0), 100_000).groupby("request").reward.mean()
    error = reward.std() / np.sqrt(len(reward))
    assert page.truth().logged == pytest.approx(reward.mean(), abs=3 * error)


def test_each_action_comes_as_often_as_its_propensity_says(page: Showcase) -> None:
    shown = page.shown(np.random.default_rng(1), 30_000)
    logged = shown.groupby(["context", "action"]).propensity.agg(["first", "nunique", "size"])
    assert (logged["nunique"] == 1).all()
    rows = shown.groupby("context").size()
    expected = logged["first"] * rows.reindex(logged.index.get_level_values("context")).to_numpy()
    assert (np.abs(logged["size"] - expected) < 5 * np.sqrt(expected)).all()
    assert logged.groupby("context")["first"].sum().to_numpy() == pytest.approx(1)


def test_the_policies_are_distributions_and_the_better_one_knows_the_visitor(page: Showcase) -> None:
    table = page.policy_table()
    assert table.groupby("context").probability.sum().to_numpy() == pytest.approx(1)
    truth = page.truth()
    assert truth.policy > truth.logged > truth.uniform


def test_the_files_read_back_as_they_were_drawn(tmp_path: Path, page: Showcase) -> None:
    write_log(tmp_path, LogConfig(requests=40))
    read = pd.read_csv(tmp_path / "log.csv", float_precision="round_trip")
    assert len(read) == 120
    assert set(read.propensity) <= set(page.logging.ravel())
    assert set(read.context) <= set(page.names)


@pytest.mark.parametrize("field", ["requests", "actions", "positions"])
def test_an_impossible_size_is_refused_by_name(field: str) -> None:
    with pytest.raises(InvalidInputError, match=field):
        LogConfig(**{field: 0})
