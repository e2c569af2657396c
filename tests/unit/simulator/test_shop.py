"""What a simulated shop promises: same seed, same bytes; days that stay as they are; true counts."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recolake.errors import InvalidInputError
from recolake.simulator.config import DirtRates, ShopConfig
from recolake.simulator.records import HEADER
from recolake.simulator.shop import UPLOADS_FOLDER, Shop, write_shop
from recolake.simulator.truth import AFFINITY_FILE, read_truth

SMALL = st.builds(
    ShopConfig,
    seed=st.integers(0, 2**32),
    days=st.integers(1, 12),
    users=st.integers(2, 60),
    items=st.integers(30, 80),
    sessions_per_day=st.floats(0, 40),
    new_users_per_day=st.floats(0, 3),
    new_items_per_day=st.floats(0, 3),
)
DIRTY = DirtRates(
    repeats=0.1,
    late_repeats=0.05,
    missing_user=0.1,
    unattributed=0.05,
    missing_title=0.05,
    zero_price=0.1,
    negative_price=0.1,
    negative_quantity=0.1,
    non_goods=0.2,
    bad_time=0.05,
    bad_price=0.05,
    ragged=0.05,
    multiline_title=0.05,
)
properties = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def records(shop: Shop) -> list[list[str]]:
    """Every data record of every file, read back by an independent reader."""
    found = []
    for path in shop.files:
        header, *rows = csv.reader(io.StringIO(path.read_text(), newline=""))
        assert tuple(header) == HEADER
        found += rows
    return found


@properties
@given(config=SMALL, compress=st.booleans())
def test_the_same_configuration_gives_the_same_bytes(
    config: ShopConfig, compress: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first, second = tmp_path_factory.mktemp("a"), tmp_path_factory.mktemp("b")
    write_shop(first, config, compress=compress)
    write_shop(second, config, compress=compress)
    assert contents(first) == contents(second)


@properties
@given(config=SMALL, more=st.integers(1, 5))
def test_asking_for_more_days_changes_no_earlier_file(
    config: ShopConfig, more: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    short, long = tmp_path_factory.mktemp("short"), tmp_path_factory.mktemp("long")
    write_shop(short, config)
    shop = write_shop(long, replace(config, days=config.days + more))
    before, after = contents(short / UPLOADS_FOLDER), contents(long / UPLOADS_FOLDER)
    assert len(after) == len(before) + more
    assert before.items() <= after.items()
    assert len(shop.files) == config.days + more


@properties
@given(seed=st.integers(0, 2**32), dirt=st.sampled_from([DIRTY, DirtRates()]))
def test_the_counts_of_dirt_are_true(
    seed: int, dirt: DirtRates, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shop = write_shop(
        tmp_path_factory.mktemp("shop"), ShopConfig(seed=seed, days=8, sessions_per_day=40, dirt=dirt)
    )
    rows = records(shop)
    distinct = [list(r) for r in dict.fromkeys(tuple(r) for r in rows)]
    whole = [dict(zip(HEADER, r, strict=True)) for r in distinct if len(r) == len(HEADER)]
    ragged = [r for r in distinct if len(r) != len(HEADER)]

    def count(test: Callable[[dict[str, str]], object]) -> int:
        return sum(bool(test(r)) for r in whole)

    bought = ("purchase",)
    seen = Counter(
        {
            "ragged": len(ragged),
            "unattributed": count(lambda r: not r["user_id"] and not r["session_id"] and not r["order_id"]),
            "zero_price": count(lambda r: r["unit_price"] == "0.00"),
            "negative_price": count(lambda r: re.fullmatch(r"-[\d.]+", r["unit_price"])),
            "negative_quantity": count(lambda r: r["quantity"].startswith("-") and r["event_type"] in bought),
            "non_goods": count(lambda r: not re.fullmatch(r"\d{5}", r["item_id"])),
            "bad_time": count(lambda r: not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", r["event_time"])),
            "bad_price": count(lambda r: r["unit_price"] == "n/a"),
            "missing_title": count(lambda r: r["title"] in ("", "?", "damaged", "check", "found")),
            "multiline_title": count(lambda r: "\n" in r["title"]),
        }
    )
    truth = shop.truth
    assert truth.rows == len(rows)
    assert truth.repeats == len(rows) - len(distinct) + _accidental_ragged_twins(rows)
    assert {k: n for k, n in truth.dirt.items() if k != "missing_user"} == {
        k: n for k, n in seen.items() if n
    }
    assert sum(f.rows for f in truth.files.values()) == truth.rows
    assert read_truth(shop.folder) == truth


def _accidental_ragged_twins(rows: list[list[str]]) -> int:
    """Ragged rows that happen to be equal are no repeats: nobody copied them."""
    ragged = [tuple(r) for r in rows if len(r) != len(HEADER)]
    return len(set(ragged)) - len(ragged)


def test_affinities_are_those_of_the_people_and_items_in_the_files(tmp_path: Path) -> None:
    shop = write_shop(tmp_path, ShopConfig(days=20))
    truth = np.load(tmp_path / AFFINITY_FILE)
    whole = [r for r in records(shop) if len(r) == len(HEADER)]
    assert {r[2] for r in whole if r[2]} <= set(truth["user_ids"].tolist())
    assert {r[4] for r in whole if r[4].isdigit()} <= set(truth["item_ids"].tolist())
    user = {u: n for n, u in enumerate(truth["user_ids"].tolist())}
    item = {i: n for n, i in enumerate(truth["item_ids"].tolist())}
    bought = [
        truth["affinity"][user[r[2]], item[r[4]]]
        for r in whole
        if r[3] == "purchase" and r[2] and r[4].isdigit()
    ]
    assert np.mean(bought) > truth["affinity"].mean() + 1.5 * truth["affinity"].std()


def test_a_shop_has_sessions_returns_repeat_purchases_and_arrivals(tmp_path: Path) -> None:
    shop = write_shop(tmp_path, ShopConfig(days=60))
    whole = [dict(zip(HEADER, r, strict=True)) for r in records(shop) if len(r) == len(HEADER)]
    kinds = Counter(r["event_type"] for r in whole)
    assert kinds["view"] > kinds["cart"] > kinds["purchase"] > kinds["return"] > 20
    pairs = Counter(
        (r["user_id"], r["item_id"], r["order_id"])
        for r in whole
        if r["event_type"] == "purchase" and r["user_id"]
    )
    again = Counter((u, i) for u, i, _ in pairs)
    assert sum(n > 1 for n in again.values()) > 100
    first, last = (p.read_text() for p in (shop.files[0], shop.files[-1]))
    newest = max(int(r["item_id"]) for r in whole if r["item_id"].isdigit())
    assert str(newest) not in first
    assert re.search(r"^2025-03-06 ", last, re.MULTILINE)


@pytest.mark.parametrize("field", ["days", "users", "items", "categories"])
def test_an_impossible_size_is_refused_by_name(field: str) -> None:
    with pytest.raises(InvalidInputError, match=field):
        ShopConfig(**{field: 0})
