"""What a request writes becomes arrays over a model's items, or an error that names its field."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from recolake.expressions.bind import Surroundings
from recolake.expressions.errors import ExpressionError
from recolake.ranking.items import Items
from recolake.ranking.rules.prepare import prepare, reads_person
from recolake.ranking.rules.spec import RulesSpec

ITEMS = Items(
    ("a", "b", "c", "d"),
    ("A", "B", "C", ""),
    ({"kind": "toy", "price": "3"}, {"kind": "toy", "price": "30"}, {"kind": "book", "price": "9"}, {}),
)
AROUND = Surroundings(
    user={"country": "France", "orders_total": 3.0},
    context={"budget": 10.0, "now": datetime(2026, 1, 1, tzinfo=UTC)},
)


def test_conditions_become_masks_and_excluded_items_are_not_eligible() -> None:
    spec = RulesSpec.model_validate(
        {
            "filter": "has(kind)",
            "exclude": ["a", "unheard-of"],
            "boosts": [{"filter": "price < context.budget", "factor": 2}],
            "promotions": [{"filter": "user.orders_total > 2 and kind = 'book'", "share": 0.5}],
            "diversity": {"attribute": "kind", "most_per_value": 1},
        }
    )
    rules = prepare(spec, ITEMS, AROUND)
    assert rules.eligible is not None
    assert rules.eligible.tolist() == [False, True, True, False]
    assert [(b.holds.tolist(), b.factor) for b in rules.boosts] == [([True, False, True, False], 2.0)]
    assert [p.holds.tolist() for p in rules.promotions] == [[False, False, True, False]]
    assert rules.diversity is not None
    assert rules.diversity.groups is not None
    assert rules.diversity.groups.tolist() == [1, 1, 0, -1]
    assert rules.diversity.most == 1
    assert reads_person(spec)


def test_excluding_does_not_change_the_mask_that_a_filter_keeps() -> None:
    for exclude, expected in (["a"], [False, True, False, False]), ([], [True, True, False, False]):
        rules = prepare(RulesSpec(filter="kind = 'toy'", exclude=exclude), ITEMS, AROUND)
        assert rules.eligible is not None
        assert rules.eligible.tolist() == expected


@pytest.mark.parametrize(
    ("asked", "field", "position"),
    [
        ({"filter": "colour = 1"}, "filter", 1),
        ({"filter": "price <"}, "filter", 8),
        (
            {"boosts": [{"filter": "price < 3", "factor": 2}, {"filter": "a.b", "factor": 2}]},
            "boosts.1.filter",
            2,
        ),
        ({"promotions": [{"filter": "price < user.age", "share": 1}]}, "promotions.0.filter", 9),
        ({"filter": "price < context.colour"}, "filter", 9),
        ({"diversity": {"attribute": "colour", "strength": 1}}, "diversity.attribute", 1),
    ],
)
def test_an_error_names_the_field_and_the_character(asked: dict[str, Any], field: str, position: int) -> None:
    with pytest.raises(ExpressionError) as raised:
        prepare(RulesSpec.model_validate(asked), ITEMS, AROUND)
    assert (raised.value.field, raised.value.position) == (field, position)


@pytest.mark.parametrize(
    "asked",
    [
        {"filter": ""},
        {"boosts": [{"filter": "true", "factor": 0}]},
        {"boosts": [{"filter": "true", "factor": float("inf")}]},
        {"promotions": [{"filter": "true", "share": 0.6}, {"filter": "true", "share": 0.5}]},
        {"diversity": {}},
        {"diversity": {"most_per_value": 2}},
        {"diversity": {"strength": 1.1}},
        {"context": {"a": {"b": 1}}},
        {"context": {"a": float("nan")}},
        {"exclude": ["x"] * 1_001},
        {"where": "true"},
    ],
)
def test_what_makes_no_sense_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RulesSpec.model_validate(asked)


def test_shares_of_a_whole_may_be_rounded() -> None:
    third = {"filter": "true", "share": 1 / 3}
    assert RulesSpec.model_validate({"promotions": [third] * 3}).asks
    assert not RulesSpec().asks
