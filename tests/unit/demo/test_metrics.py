"""Metrics come from MLflow's flat names to what the report documents."""

from __future__ import annotations

from recolake.demo.chain import summary
from recolake.quality import by_who


def test_the_champion_comes_first_and_names_get_their_at_sign_back() -> None:
    logged = {
        "als/all_items/recall_at_20": 0.2,
        "champion/new_items/ndcg_at_10": 0.3,
        "champion/new_items/ndcg_at_10_low": 0.25,
    }
    found = by_who(logged)
    assert list(found) == ["champion", "als"]
    assert found["champion"]["new_items"] == {"ndcg@10": 0.3, "ndcg@10_low": 0.25}
    assert found["als"]["all_items"] == {"recall@20": 0.2}


def test_a_steps_report_is_summed_up_in_a_few_words() -> None:
    reports = [
        {"rows_in": 1000, "accepted": 900, "verdict": True},
        {"rows_in": 10, "accepted": 9, "verdict": True},
    ]
    assert summary(reports) == "rows in 1,010, accepted 909"
    assert summary({"rows": {"users": 2, "items": 3}, "removed": 0}) == "rows 5"
    assert summary(None) == ""
