"""Great Expectations says of measures what their limits say, upload after upload, and writes it down."""

from __future__ import annotations

from pathlib import Path

from expectations.suites import suites
from expectations.verdict import judge
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.uploads.checks import CHECKS, DEFAULTS, SUITE_VERSION

SHOP = Tenant("shop")
MANY = {"missing_user": 0.5, "quarantined": 0.1, "volume_low": 0.1, "volume_high": 6.0, "untitled_items": 0.1}


def test_uploads_of_which_more_and_less_can_be_said_are_judged_one_after_the_other(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert judge(MANY, DEFAULTS, settings, SHOP, "u1") == ["missing_user", "volume_high", "volume_low"]
    assert judge({"quarantined": 0.3}, DEFAULTS, settings, SHOP, "u2") == []
    assert judge({"quarantined": 0.3}, {**DEFAULTS, "quarantined": 0.2}, settings, SHOP, "u3") == [
        "quarantined"
    ]
    assert judge({}, DEFAULTS, settings, SHOP, "u4") == []
    assert settings.data_docs_index.is_file()


def test_a_check_says_of_a_measure_what_the_expectation_says_of_it(tmp_path: Path) -> None:
    """Records of the API are judged without Great Expectations."""
    for number, factor in enumerate((0.5, 1.0, 2.0)):
        measured = {check.name: factor * check.limit for check in CHECKS}
        found = judge(measured, DEFAULTS, Settings(home=tmp_path), SHOP, f"u{number}")
        assert found == sorted(c.name for c in CHECKS if not c.met(measured[c.name], c.limit))


def test_every_check_is_in_the_suite_of_its_table() -> None:
    found = suites({check.name: 0.0 for check in CHECKS}, DEFAULTS)
    assert {e.column for suite in found.values() for e in suite.expectations} == {c.name for c in CHECKS}
    assert all(suite.meta["version"] == SUITE_VERSION for suite in found.values())
    assert set(found) == {"bronze_events", "bronze_quarantine", "bronze_uploads", "silver_items"}
