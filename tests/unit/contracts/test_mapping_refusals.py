"""A wrong mapping is refused before anything happens, and the message names the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from recolake.contracts.mapping import load_mapping, parse_mapping
from recolake.errors import MappingError, UploadError
from recolake.settings import PROJECT_ROOT

RETAIL = PROJECT_ROOT / "mappings" / "online_retail.yaml"


@pytest.mark.parametrize("name", ["online_retail", "simulator"])
def test_the_mappings_of_the_checkout_are_valid(name: str) -> None:
    mapping = load_mapping(PROJECT_ROOT / "mappings" / f"{name}.yaml")
    assert {"item", "type", "time"} <= set(mapping.event)
    assert mapping.personal


@pytest.mark.parametrize(
    ("found", "replaced"),
    [
        ("item: StockCode", "item: Stock"),
        ("price: UnitPrice", "price: UnitPrice +"),
        ("value: Quantity * UnitPrice", "value: java_method('java.lang.System', 'exit')"),
        ("value: Quantity * UnitPrice", "value: (SELECT 1)"),
        ("country: Country\n    description", "country: CustomerID\n    description"),
        ("version: 1", "version: 7"),
        ("event:", "events:"),
        ("format: csv", "format: xml"),
        ("event:", "event: ["),
    ],
)
def test_a_wrong_field_is_refused_with_its_line(found: str, replaced: str) -> None:
    text = RETAIL.read_text()
    assert found in text
    with pytest.raises(MappingError) as caught:
        parse_mapping(text.replace(found, replaced, 1), "mine.yaml")
    assert "mine.yaml" in caught.value.message
    assert "line" in caught.value.message


def test_a_missing_mapping_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"nowhere\.yaml"):
        load_mapping(tmp_path / "nowhere.yaml")


def test_a_header_that_lacks_a_column_is_refused_by_name() -> None:
    mapping = load_mapping(RETAIL)
    with pytest.raises(UploadError, match="UnitPrice"):
        mapping.check_header([c for c in mapping.columns if c != "UnitPrice"], "a.csv")


def test_layout_and_comments_do_not_make_another_mapping() -> None:
    text = RETAIL.read_text()
    assert parse_mapping(text, "a").sha256 == parse_mapping(text + "\n# a remark\n", "b").sha256
    assert parse_mapping(text, "a").sha256 != parse_mapping(text.replace("'return'", "'cart'"), "c").sha256
