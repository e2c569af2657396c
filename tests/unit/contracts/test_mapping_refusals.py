"""A wrong mapping is refused before anything happens, and the message names the line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

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
        ("format: csv", "format: {csv: {encoding: undefined}}"),
        ("format: csv", 'format: {csv: {encoding: "utf\\0"}}'),
        ("format: csv", "format: {csv: {encoding: klingon}}"),
        ("country: Country\n    description", "country: \"'\\ud800'\"\n    description"),
        ("country: Country\n    description", '"\\ud800": Country\n    description'),
        ("country: Country\n    description", "[country]: Country\n    description"),
        ("item: StockCode", f"item: {'trim(' * 31}StockCode{')' * 31}"),
        ("item: StockCode", f"item: {'(' * 400}StockCode{')' * 400}"),
        ("item: StockCode", f"item: {' || '.join(['StockCode'] * 2000)}"),
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


def test_lists_nested_without_end_are_refused() -> None:
    with pytest.raises(MappingError, match="nested too deeply"):
        parse_mapping("a: " + "[" * 2000, "mine.yaml")


def called_from(frames: int, work: Callable[[], str]) -> str:
    return work() if frames == 0 else called_from(frames - 1, work)


def test_what_was_accepted_once_is_accepted_deep_inside_a_scheduler() -> None:
    item = f"{'upper(' * 25}{' || '.join(['StockCode'] * 60)}{')' * 25}"
    text = RETAIL.read_text().replace("item: StockCode", f"item: {item}")
    found = parse_mapping(text, "mine.yaml").sha256
    assert called_from(250, lambda: parse_mapping(text, "mine.yaml").sha256) == found


def test_layout_and_comments_do_not_make_another_mapping() -> None:
    text = RETAIL.read_text()
    assert parse_mapping(text, "a").sha256 == parse_mapping(text + "\n# a remark\n", "b").sha256
    assert parse_mapping(text, "a").sha256 != parse_mapping(text.replace("'return'", "'cart'"), "c").sha256


@given(random=st.randoms(use_true_random=False))
def test_the_order_of_keys_and_columns_does_not_make_another_mapping(random: Random) -> None:
    mapping = yaml.load(RETAIL.read_text(), Loader=yaml.BaseLoader)  # noqa: S506

    def shuffled(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: shuffled(node[key]) for key in random.sample(sorted(node), len(node))}
        return random.sample(node, len(node)) if isinstance(node, list) else node

    text = yaml.safe_dump(shuffled(mapping), sort_keys=False)
    assert parse_mapping(text, "a").sha256 == load_mapping(RETAIL).sha256


def test_a_format_that_is_spelt_out_does_not_make_another_mapping() -> None:
    text = RETAIL.read_text()
    spelt = text.replace("format: csv", "format: {csv: {delimiter: ','}}")
    other = text.replace("format: csv", "format: {csv: {delimiter: ';'}}")
    assert parse_mapping(spelt, "a").sha256 == parse_mapping(text, "b").sha256
    assert parse_mapping(other, "a").sha256 != parse_mapping(text, "b").sha256
