"""A tenant's own limits hold for it alone, and a wrong one is refused with the names there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.uploads.checks import DEFAULTS
from recolake.uploads.thresholds import (
    ThresholdError,
    change_thresholds,
    own_thresholds,
    parse_change,
    thresholds,
    thresholds_file,
)

SHOP, OTHER = Tenant("shop"), Tenant("other")


def test_what_a_tenant_sets_holds_for_it_alone_until_it_is_unset(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert thresholds(settings, SHOP) == DEFAULTS
    change_thresholds(settings, SHOP, {"quarantined": 0.1, "hold_below": 80})
    assert thresholds(settings, SHOP) == {**DEFAULTS, "quarantined": 0.1, "hold_below": 80}
    assert thresholds(settings, OTHER) == DEFAULTS
    assert change_thresholds(settings, SHOP, {"hold_below": None}) == {"quarantined": 0.1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("quarantined=5%", ("quarantined", 0.05)), ("freshness=3", ("freshness", 3.0))],
)
def test_a_value_may_be_a_percentage(text: str, expected: tuple[str, float]) -> None:
    assert parse_change(text) == expected


@pytest.mark.parametrize(
    "text", ["nonsense=1", "quarantined", "quarantined=", "freshness=-1", "freshness=inf"]
)
def test_what_is_no_threshold_is_refused(text: str) -> None:
    with pytest.raises(ThresholdError):
        parse_change(text)


def test_a_damaged_file_is_an_error_and_not_a_default(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    change_thresholds(settings, SHOP, {"quarantined": 0.1})
    thresholds_file(settings, SHOP).write_text("{")
    with pytest.raises(ThresholdError, match="cannot be read"):
        own_thresholds(settings, SHOP)
