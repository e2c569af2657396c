"""Two policies that were both run (Open Bandit data): what a log says of the other one, it earned."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.off_policy.evaluate import Question, evaluate
from training.off_policy.intervals import Method
from training.off_policy.log import BanditLog, Columns, read_log
from training.off_policy.policy import as_shown, uniform

COLUMNS = Columns(("user_feature_0",), "item_id", "position", "click", "propensity_score")


def logs(folder: Path, campaign: str) -> tuple[BanditLog, BanditLog]:
    """Of the random policy, and of the one that learnt."""
    random, learnt = (
        read_log(folder / "open-bandit-small" / name / campaign / f"{campaign}.csv.gz", COLUMNS)
        for name in ("random", "bts")
    )
    return random, learnt


@pytest.mark.parametrize("campaign", ["all", "men", "women"])
def test_intervals_hold_what_the_other_policy_earned(campaign: str, shared_data: Path) -> None:
    random, learnt = logs(shared_data, campaign)
    of_random = evaluate(learnt, uniform(learnt), Question())
    of_learnt = evaluate(random, as_shown(random, learnt), Question())
    for found, truth in ((of_random, random.reward.mean()), (of_learnt, learnt.reward.mean())):
        for estimated in found.estimates.values():
            assert estimated.value.low <= truth <= estimated.value.high


def test_a_few_rows_that_carry_everything_are_told(shared_data: Path) -> None:
    _, learnt = logs(shared_data, "women")
    found = evaluate(learnt, uniform(learnt), Question(method=Method.NORMAL))
    assert found.diagnostics.effective_sample_size < 5
    assert any("effective rows" in warning for warning in found.warnings)
