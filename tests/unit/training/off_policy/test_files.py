"""Logs and policies in files: what is read, and what is said where they are wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.files.events import EvaluationFileError
from training.off_policy.errors import BanditLogError, PolicyError
from training.off_policy.log import BanditLog, Columns, log_of, read_log
from training.off_policy.policy import as_shown, policy_of, uniform

LOG = pd.DataFrame(
    {
        "context": ["a", "a", "b", "b"],
        "action": [1, 2, 1, 3],
        "position": [1, 2, 1, 2],
        "reward": [0.0, 1.0, 0.5, 0.0],
        "propensity": [0.5, 0.25, 1.0, 0.1],
    }
)


def log(frame: pd.DataFrame = LOG, columns: Columns | None = None) -> BanditLog:
    return log_of(frame, columns or Columns(), "log.csv")


def policy(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_csv_and_parquet_say_the_same(tmp_path: Path) -> None:
    LOG.to_csv(tmp_path / "log.csv", index=False)
    LOG.to_csv(tmp_path / "log.csv.gz", index=False, sep=";")
    LOG.to_parquet(tmp_path / "log.parquet")
    first, *others = (read_log(tmp_path / n, Columns()) for n in ("log.csv", "log.csv.gz", "log.parquet"))
    for other in others:
        assert other.action.names == first.action.names == ("1", "2", "3")
        assert other.situations == first.situations
        assert np.array_equal(other.cell, first.cell)
        assert np.array_equal(other.reward, first.reward)
        assert np.array_equal(other.propensity, first.propensity)


def test_columns_may_have_any_name_and_a_context_any_number_of_them(tmp_path: Path) -> None:
    names = {"action": "item_id", "reward": "click", "propensity": "p", "position": "place"}
    LOG.assign(day=[1, 2, 1, 2]).rename(columns=names).to_csv(tmp_path / "log.csv", index=False)
    columns = Columns(("context", "day"), "item_id", "place", "click", "p")
    found = read_log(tmp_path / "log.csv", columns)
    assert len(found.context.names) == 4
    assert found.columns.situation == ("context", "day", "place")


def test_a_log_needs_neither_context_nor_position() -> None:
    found = log(LOG.drop(columns=["context", "position"]))
    assert found.situations == [""]
    assert found.columns.situation == ()


def test_a_context_that_is_there_can_be_left_aside() -> None:
    assert log(LOG, Columns(context=(), position="")).situations == [""]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("propensity", 0, "Row 2 of log.csv has the propensity 0"),
        ("propensity", -0.1, "chance above 0 and at most 1"),
        ("propensity", 1.01, "chance above 0 and at most 1"),
        ("propensity", "", "Row 2 of log.csv has the propensity (empty), which is no number"),
        ("propensity", np.nan, "no number"),
        ("reward", "many", "Row 2 of log.csv has the reward many, which is no number"),
        ("reward", np.inf, "no number"),
        ("action", "", "Row 2 of log.csv has no action"),
    ],
)
def test_a_wrong_cell_is_named_by_row(column: str, value: object, said: str) -> None:
    frame = LOG.astype({column: object})
    frame.loc[1, column] = value
    with pytest.raises(EvaluationFileError) as raised:
        log(frame)
    assert said in raised.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "log.csv is empty"),
        ("action,reward,propensity\n", "log.csv holds no rows"),
        ("action,reward\n1,0\n", "log.csv has no column propensity; it has action, reward."),
        ("1,2\n", "no column action and no column reward and no column propensity"),
        ("action,reward,propensity\n1,0,1\n", "one row only"),
    ],
)
def test_a_log_that_is_none_is_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(text)
    with pytest.raises(EvaluationFileError) as raised:
        read_log(tmp_path / "log.csv", Columns())
    assert said in raised.value.message


def test_a_column_of_the_policys_chances_must_hold_chances() -> None:
    frame = LOG.assign(new=[0.5, 0, 1, 0.2])
    assert log_of(frame, Columns(), "log", "new").given is not None
    with pytest.raises(BanditLogError, match=r"probability \(new\) 1.5, which is not from 0 to 1"):
        log_of(frame.assign(new=1.5), Columns(), "log", "new")


def test_a_policy_sees_context_and_position_or_one_or_none_of_them() -> None:
    found = log()
    by_nothing = policy_of(policy(action=["1", "2"], probability=["0.2", "0.8"]), found, "p")
    assert by_nothing.of_logged(found) == pytest.approx([0.2, 0.8, 0.2, 0])
    by_context = policy_of(
        policy(context=["a", "a", "b"], action=[1, 2, 3], probability=[0.3, 0.7, 1]), found, "p"
    )
    assert by_context.of_logged(found) == pytest.approx([0.3, 0.7, 0, 1])
    by_position = policy_of(
        policy(position=[1, 2, 2], action=[1, 2, 3], probability=[1, 0.4, 0.6]), found, "p"
    )
    assert by_position.of_logged(found) == pytest.approx([1, 0.4, 1, 0.6])
    by_both = policy_of(
        policy(context=["a", "a", "b", "b"], position=[1, 2, 1, 2], action=[1, 2, 1, 9]), found, "p"
    )
    assert by_both.of_logged(found) == pytest.approx([1, 1, 1, 0])


def test_actions_that_the_log_lacks_are_mass_without_support() -> None:
    found = log()
    table = policy_of(policy(action=["1", "new"], probability=[0.25, 0.75]), found, "p")
    # Action 1 is in the log at the first position only.
    assert table.logged_mass(found)[found.cell] == pytest.approx([0.25, 0, 0.25, 0])
    assert uniform(found).chances.sum() == pytest.approx(1)


def test_a_policy_can_be_what_another_log_shows() -> None:
    found = log()
    other = LOG.assign(action=[1, 3, 2, 3], context="elsewhere", reward=9.0)
    table = as_shown(found, log(other))
    assert table.of_logged(found) == pytest.approx([0.5, 0, 0.5, 1])


def test_rounded_chances_are_made_to_add_up() -> None:
    found = log()
    table = policy_of(policy(action=[1, 2, 3], probability=[0.333, 0.333, 0.3335]), found, "p")
    assert table.chances.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (policy(action=[1, 2], probability=[0.5, 0.4]), "for every situation add up to 0.9, not 1"),
        (policy(context=["a", "a"], action=[1, 2]), "for context a add up to 2, not 1"),
        (policy(action=[1, 1], probability=[0.5, 0.5]), "Row 2 of p repeats an action"),
        (policy(context=["a"], action=[1]), "p says nothing of context b"),
        (policy(action=[1], probability=[-1]), "not from 0 to 1"),
        (policy(action=[1], probability=["half"]), "no number"),
    ],
)
def test_a_policy_that_is_none_is_refused(frame: pd.DataFrame, said: str) -> None:
    with pytest.raises(PolicyError) as raised:
        policy_of(frame, log(), "p")
    assert said in raised.value.message


def test_a_part_of_the_context_is_no_context() -> None:
    found = log(LOG.assign(day=1), Columns(("context", "day")))
    with pytest.raises(PolicyError, match="no column day"):
        policy_of(policy(context=["a", "b"], action=[1, 2]), found, "p")
