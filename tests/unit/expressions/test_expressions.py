"""Any expression reads back as it was written, and holds for the items that its plain definition says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recolake.expressions.bind import Known, Surroundings, bind
from recolake.expressions.errors import ExpressionError, UnknownAttributeError
from recolake.expressions.nodes import (
    And,
    Comparison,
    Expression,
    Has,
    Listing,
    Literal,
    Membership,
    Not,
    Op,
    Or,
    Reference,
    Scope,
    Value,
)
from recolake.expressions.nodes import references as references_of
from recolake.expressions.parser import MOST_PAIRS, parse
from recolake.expressions.printer import to_text
from recolake.expressions.table import AttributeTable
from recolake.expressions.values import elements, moment

NAMES = ["colour", "price", "since", "sold", "tags", "in", "größe", "of `two` words", "item"]
# Few, so that they meet; some that look like other kinds, and some that only nearly do.
TEXTS = [
    "", "red", "Red", "10", "9", "9.0", " 9 ", "1e1", "nan", "1_0", "true", "TRUE", "false", "2026-01-31",
    "2026-01-31T00:00:00+00:00", "2026-02-30", "0001-01-01T00:00:00+14:00", '["red", 9]', '["9", null, true]',
    "[]", "[1", "red\0", "ü", '"', "\\",
]  # fmt: skip
values = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from([9.0, 10.0, -0.5, 1e22, 0.1]),
    st.booleans(),
    st.none(),
    st.sampled_from([datetime(2026, 1, 31, tzinfo=UTC), datetime(1, 1, 1, 3, 4, 5, 6, tzinfo=UTC)]),
)
literals = values.map(Literal)


def references(*scopes: Scope) -> st.SearchStrategy[Reference]:
    return st.builds(Reference, st.sampled_from(scopes), st.sampled_from(NAMES))


def expressions(*scopes: Scope) -> st.SearchStrategy[Expression]:
    """Any tree that the language can write, with attributes of these."""
    named = references(*scopes)
    operands = literals | named
    ordered = literals.filter(lambda each: each.value is not None and not isinstance(each.value, bool))
    listings = st.lists(operands, max_size=4).map(lambda parts: Listing(tuple(parts)))
    leaves = st.one_of(
        st.booleans().map(Literal),
        named,
        st.builds(Has, named),
        st.builds(Comparison, operands, st.sampled_from([Op.EQ, Op.NE]), operands),
        st.builds(Comparison, ordered | named, st.sampled_from(list(Op)), ordered | named),
        st.builds(Membership, operands, listings | named),
    )

    def grown(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.builds(Not, inner) | st.builds(And, several) | st.builds(Or, several)

    return st.recursive(leaves, grown, max_leaves=5).filter(lambda tree: _pairs(tree) <= MOST_PAIRS)


def _pairs(tree: Expression) -> int:
    """How often attributes of items are compared with each other."""
    if isinstance(tree, Not):
        return _pairs(tree.part)
    if isinstance(tree, And | Or):
        return sum(map(_pairs, tree.parts))
    if isinstance(tree, Comparison):
        sides: list[Expression | Listing] = [tree.left, tree.right]
    elif isinstance(tree, Membership):
        sides = [tree.member, tree.among]
    else:
        return 0
    one, other = ([each for each in references_of(side) if each.scope is Scope.ITEM] for side in sides)
    return len(one) * len(other)


def _orders_what_has_none(tree: Expression) -> bool:
    """Whether null, true or false is said to be smaller or larger anywhere."""
    if isinstance(tree, Not):
        return _orders_what_has_none(tree.part)
    if isinstance(tree, And | Or):
        return any(map(_orders_what_has_none, tree.parts))
    if not isinstance(tree, Comparison) or tree.op in (Op.EQ, Op.NE):
        return False
    values = [side.value for side in (tree.left, tree.right) if isinstance(side, Literal)]
    return any(value is None or isinstance(value, bool) for value in values)


items = st.lists(
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(TEXTS), max_size=len(NAMES)), max_size=6
)


def _tried(step: Callable[[], Expression]) -> Expression | ExpressionError:
    """What comes of it, or the one error that may."""
    try:
        return step()
    except ExpressionError as error:
        return error


scopes = (Scope.ITEM, Scope.USER, Scope.CONTEXT)


@given(expressions(*scopes))
def test_what_is_written_reads_back_as_the_same_tree(tree: Expression) -> None:
    assert parse(to_text(tree)) == tree


# Fragments of the language, so that more than the first character is understood.
_WORDS = [
    "and",
    "or",
    "not",
    "in",
    "has(",
    "(",
    ")",
    "[",
    "]",
    ",",
    "=",
    "<=",
    "!",
    "item.",
    "user.",
    "`a`",
    "`",
]
_PIECES = st.sampled_from(
    [*_WORDS, "colour", "3", "-1e9999", '"x"', "'", "\\", "@2026-01-31", "@", "null", "\0"]
)


@given(st.text() | st.lists(_PIECES | st.text(max_size=2), max_size=12).map(" ".join))
def test_no_text_raises_anything_but_the_languages_own_error(text: str) -> None:
    found = _tried(lambda: parse(text))
    if isinstance(found, ExpressionError):
        assert 1 <= found.position <= len(text) + 1
        assert found.expected
        assert found.message.startswith(f"Character {found.position}: ")
    else:
        assert parse(to_text(found)) == found


@pytest.mark.parametrize(
    "nested", ["(" * 5_000, "not " * 900 + "a", "(" * 900 + "a" + ")" * 900, "a or " * 790 + "a"]
)
def test_neither_depth_nor_length_overflows(nested: str) -> None:
    found = _tried(lambda: parse(nested))
    assert found.position > 1 if isinstance(found, ExpressionError) else to_text(found) == nested


def _number(text: str) -> float | None:
    plain = text.strip()
    if not plain or not set(plain) <= set("0123456789.eE+-") or plain[0] in "eE":
        return None
    try:
        return float(plain)
    except ValueError:
        return None


def _equal(left: Value, right: Value) -> bool:
    return _compare(left, right) == 0


def _compare(left: Value, right: Value) -> int | None:
    """-1, 0, 1, or None for what is in no order. A second definition, on purpose unlike the first."""
    if left is None or right is None:
        return 0 if left is None and right is None else None
    if isinstance(right, str) and not isinstance(left, str):
        found = _compare(right, left)
        return None if found is None else -found
    if isinstance(left, str):
        if isinstance(right, bool):
            read: Any = {"true": True, "false": False}.get(left.strip().lower())
        elif isinstance(right, float):
            read = _number(left)
        elif isinstance(right, datetime):
            read = moment(left)
        else:
            read = left
        if read is None:
            return None
        left = read
    if type(left) is not type(right):
        return None
    if isinstance(left, bool):
        return 0 if left == right else None
    return (left > right) - (left < right)  # type: ignore[operator]


def _holds(tree: Expression, item: Mapping[str, str]) -> bool:
    """For one item, by the words of docs/reference/filters.md."""

    def value(part: Literal | Reference) -> Value:
        return part.value if isinstance(part, Literal) else item.get(part.name)

    def equal(left: Literal | Reference, op: Op, right: Literal | Reference) -> bool:
        one, other = value(left), value(right)
        both = isinstance(left, Reference) and isinstance(right, Reference) and None not in (one, other)
        if both and None not in (numbers := (_number(str(one)), _number(str(other)))):
            one, other = numbers
        found = _compare(one, other)
        if op is Op.NE:
            return found != 0
        if one is None and op is not Op.EQ:
            return False
        return found is not None and {
            Op.EQ: found == 0, Op.LT: found < 0, Op.LE: found <= 0, Op.GT: found > 0, Op.GE: found >= 0
        }[op]  # fmt: skip

    if isinstance(tree, Literal):
        return tree.value is True
    if isinstance(tree, Reference):
        return (item.get(tree.name) or "").strip().lower() == "true"
    if isinstance(tree, Has):
        return tree.reference.name in item
    if isinstance(tree, Comparison):
        return equal(tree.left, tree.op, tree.right)
    if isinstance(tree, Membership):
        if isinstance(tree.among, Listing):
            return any(equal(tree.member, Op.EQ, each) for each in tree.among.parts)
        text = item.get(tree.among.name)
        return text is not None and any(_equal(each, value(tree.member)) for each in elements(text))
    if isinstance(tree, Not):
        return not _holds(tree.part, item)
    quantifier = all if isinstance(tree, And) else any
    return quantifier(_holds(each, item) for each in tree.parts)


@given(expressions(Scope.ITEM), items)
def test_a_mask_holds_for_the_items_that_the_plain_definition_says(
    tree: Expression, attributes: list[dict[str, str]]
) -> None:
    # One item more has every attribute, so that all are known.
    everything = [*attributes, dict.fromkeys(NAMES, "red")]
    ids = [str(number) for number in range(len(everything))]
    table = AttributeTable(ids, ids, everything)
    assert table.mask(tree).tolist() == [_holds(tree, item) for item in everything]


@given(expressions(*scopes), st.dictionaries(st.sampled_from(NAMES), values | st.lists(values, max_size=3)))
def test_binding_leaves_only_attributes_of_items_or_names_what_is_unknown(
    tree: Expression, known: dict[str, Known]
) -> None:
    bound = _tried(lambda: bind(tree, Surroundings(user=known, context=known)))
    if isinstance(bound, UnknownAttributeError):
        assert bound.attribute.partition(".")[2] not in known
    elif isinstance(bound, ExpressionError):
        assert "is a list" in bound.message
    else:
        assert {each.scope for each in references_of(bound)} <= {Scope.ITEM}
        again = _tried(lambda: parse(to_text(bound)))
        # What is known may have no order; nobody can write down that it is smaller, and it never is.
        assert isinstance(again, ExpressionError) if _orders_what_has_none(bound) else again == bound


ATTRIBUTES = [
    {"category": "Home", "price": "9.5", "colours": '["red", "blue"]', "until": "2026-02-01", "old": "10"},
    {"category": "Garden", "price": "12", "colours": "red", "old": "9.5"},
    {"category": "Home", "colours": "[]", "until": "2026-01-01T12:00:00+02:00", "sold_out": "True"},
]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('category = "Home"', [0, 2]),
        ('category != "Home"', [1]),
        ("price < 10", [0]),
        ("not price < 10", [1, 2]),
        ("price < old", [0]),
        ("price = 12.0", [1]),
        ("9 < price AND price <= 12", [0, 1]),
        ('price < "2"', [1]),
        ("has(price)", [0, 1]),
        ("price = null", [2]),
        ("sold_out", [2]),
        ("not sold_out", [0, 1]),
        ("sold_out = false", []),
        ("until >= @2026-01-01T10:00:00Z", [0, 2]),
        ("until > @2026-01-01T10:00:00Z", [0]),
        ("until > context.now", [0]),
        ('"red" in colours', [0, 1]),
        ('category in ["Garden", "Toys"]', [1]),
        ('category not in ["Garden", "Toys"]', [0, 2]),
        ("category in user.likes", [1]),
        ("category = context.shown or title = 'Item 2'", [0, 2]),
        ("item_id in ['i0', 'i1'] and item.price > user.spends", [0, 1]),
        ("price > user.age", []),
        ("has(user.age) or price > 10", [1]),
        ("true", [0, 1, 2]),
        ("1 = 2", []),
    ],
)
def test_examples(text: str, rows: list[int]) -> None:
    around = Surroundings(
        user={"likes": ["Garden"], "spends": 3.0, "age": None},
        context={"now": datetime(2026, 1, 15, tzinfo=UTC), "shown": "Home"},
    )
    table = AttributeTable(["i0", "i1", "i2"], [f"Item {n}" for n in range(3)], ATTRIBUTES)
    assert np.flatnonzero(table.mask(bind(parse(text), around))).tolist() == rows


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 1, "an attribute"),
        ("price <", 8, "a value"),
        ("price < 10 colour", 12, "'and'"),
        ("colour is red", 8, "'='"),
        ("(price < 10", 12, "')'"),
        ("price < 10)", 11, "the end"),
        ('colour = "red', 10, 'a closing "'),
        ("colour = `red", 10, "a closing `"),
        ('colour = "\\d"', 11, "\\n"),
        ("price ! 3", 7, "!="),
        ("price < null", 9, "a number"),
        ("price < 1e999", 9, "a number"),
        ("since > @2026-02-30", 9, "a day or moment such as @2026-01-31 or @2026-01-31T12:00:00Z"),
        ("colour in 3", 11, "'['"),
        ("colour in [1 2]", 14, "','"),
        ("has colour", 5, "'('"),
        ("user. = 3", 7, "the name of an attribute"),
        ("a = 1 and $", 11, "a value"),
        (" or ".join(["a = 1"] * 101), 903, "something simpler"),
        (" or ".join(["a = b"] * 5), 39, "a value"),
        ("a in [b, c, d, e, 1] or a != f", 27, "a value"),
        ("1 in [a, b, c, d, e] or $", 25, "a value"),
    ],
)
def test_an_error_names_the_character_and_what_could_stand_there(
    text: str, position: int, expected: str
) -> None:
    with pytest.raises(ExpressionError) as raised:
        parse(text)
    assert raised.value.code == "invalid_expression"
    assert raised.value.position == position
    assert expected in raised.value.expected


def test_an_unknown_attribute_is_named_with_those_that_are_known() -> None:
    table = AttributeTable(["i0", "i1", "i2"], ["", "", ""], ATTRIBUTES)
    with pytest.raises(UnknownAttributeError) as raised:
        table.mask(parse("price < 3 and colour = 'red'"))
    error = raised.value
    assert (error.code, error.attribute, error.position) == ("unknown_attribute", "colour", 15)
    assert set(error.known) == {
        "item_id",
        "title",
        "category",
        "price",
        "colours",
        "until",
        "old",
        "sold_out",
    }
    with pytest.raises(UnknownAttributeError, match=r"no attribute 'user\.age'"):
        bind(parse("price < user.age"), Surroundings())
    with pytest.raises(ExpressionError, match="is a list"):
        bind(parse("price < user.age"), Surroundings(user={"age": [1.0]}))
