"""Types and rules: what the docs, the weights and the rules name is the same."""

from __future__ import annotations

import csv

import pytest

from recolake.contracts.events import EVENT_TYPES
from recolake.contracts.rules import EARLIEST, RULES
from recolake.settings import PROJECT_ROOT


def test_an_event_type_is_known_if_and_only_if_it_has_a_weight() -> None:
    with (PROJECT_ROOT / "dbt_project" / "seeds" / "event_weights.csv").open(newline="") as seed:
        weighted = [row["event_type"] for row in csv.DictReader(seed)]
    assert sorted(weighted) == sorted(EVENT_TYPES)


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_the_reference_lists_every_event_type(name: str) -> None:
    assert f"`{name}`" in (PROJECT_ROOT / "docs" / "reference" / "mapping.md").read_text()


def test_the_docs_explain_every_rule_and_the_earliest_day() -> None:
    howto = (PROJECT_ROOT / "docs" / "howto" / "upload-data.md").read_text()
    assert [rule.reason for rule in RULES if f"`{rule.reason}`" not in howto] == []
    assert EARLIEST in (PROJECT_ROOT / "docs" / "reference" / "mapping.md").read_text()
