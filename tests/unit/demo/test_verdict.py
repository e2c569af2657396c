"""A model that its gate turned down is named with the reasons, and with what can be done about it."""

from __future__ import annotations

from typing import Any

import pytest

from recolake.demo.report import Rows
from recolake.demo.tracking import TrainedVersion
from recolake.demo.verdict import nothing_published, refusal_in
from recolake.tenancy.context import Tenant
from training.report import TrainReport

SHOP = Tenant("shop")
REASON = "new_items: ndcg@10 0.0100 does not beat popularity's 0.0200"


def rows(accepted: int) -> Rows:
    quarantined = {"quarantined": 10 - accepted, "reasons": {"invalid_time": 10 - accepted}}
    return Rows.model_validate({"in": 10, "accepted": accepted, "repeats": 0, **quarantined})


def training(*, passed: bool) -> TrainReport:
    return TrainReport(
        tenant="shop",
        model_version="v3",
        run_id="r",
        gate_passed=passed,
        gate_reasons=("all_items: good", REASON),
        gate_refusals=() if passed else (REASON,),
        metrics={},
        cold={},
        already_trained=False,
        seconds=1.0,
    )


def test_a_refusal_is_told_from_the_report_of_training() -> None:
    from recolake.orchestration.dag_kit import as_json

    said = refusal_in(as_json(training(passed=False)))
    assert said is not None
    assert "v3" in said
    assert REASON in said
    assert "good" not in said
    assert refusal_in(as_json(training(passed=True))) is None


@pytest.mark.parametrize("report", [None, {}, [], [{"accepted": 1}], {"rows": {"users": 2}}])
def test_no_other_report_is_taken_for_a_refusal(report: Any) -> None:
    assert refusal_in(report) is None


def test_where_the_gate_left_nothing_to_serve_the_error_says_why_and_what_to_do() -> None:
    error = nothing_published(SHOP, rows(10), TrainedVersion(3, False, False, (REASON,)))
    assert REASON in error.message
    assert "recolake publish --tenant shop --version v3 --force" in error.hint
    assert "more" in error.hint


def test_where_no_row_was_accepted_the_error_names_the_rules_that_were_broken() -> None:
    error = nothing_published(SHOP, rows(0), None)
    assert "of 10 rows none was accepted (invalid_time 10)" in error.message


def test_where_nobody_knows_why_the_error_says_where_to_look() -> None:
    assert "MLflow" in nothing_published(SHOP, rows(10), None).hint
