"""From rules as a request writes them to rules as arrays, for the items of one model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from recolake.expressions.bind import Surroundings, bind
from recolake.expressions.errors import ExpressionError
from recolake.expressions.nodes import Scope, references
from recolake.expressions.parser import parse
from recolake.expressions.table import AttributeTable
from recolake.ranking.items import Items
from recolake.ranking.rules.rules import NO_GROUP, BoolArray, Boost, Diversity, Promotion, Rules
from recolake.ranking.rules.spec import DiversitySpec, RulesSpec


def reads_person(spec: RulesSpec) -> bool:
    """Whether any condition asks for an attribute of the person.

    Raises:
        ExpressionError: a condition cannot be understood; it says which.
    """
    found = False
    for field, text in spec.conditions:
        with of_field(field):
            found |= any(each.scope is Scope.USER for each in references(parse(text)))
    return found


def prepare(spec: RulesSpec, items: Items, around: Surroundings) -> Rules:
    """The rules for these items, this person and this request.

    Raises:
        ExpressionError: a condition cannot be understood, or names an attribute that there is none of.
    """
    masks: dict[str, BoolArray] = {}
    for field, text in spec.conditions:
        with of_field(field):
            masks[field] = items.table.mask(bind(parse(text), around))
    return Rules(
        eligible=_eligible(spec, items, masks.get("filter")),
        boosts=tuple(
            Boost(masks[f"boosts.{number}.filter"], each.factor) for number, each in enumerate(spec.boosts)
        ),
        promotions=tuple(
            Promotion(masks[f"promotions.{number}.filter"], each.share)
            for number, each in enumerate(spec.promotions)
        ),
        diversity=None if spec.diversity is None else _diversity(spec.diversity, items.table),
    )


@contextmanager
def of_field(field: str) -> Iterator[None]:
    """An error within says that it is of this field of the request."""
    try:
        yield
    except ExpressionError as error:
        raise error.of_field(field) from None


def require_attributes(names: Sequence[str], items: Items, field: str) -> None:
    """Raises ExpressionError where no item has an attribute of one of these names."""
    for number, name in enumerate(names):
        with of_field(f"{field}.{number}"):
            items.table.require(name)


def _eligible(spec: RulesSpec, items: Items, holds: BoolArray | None) -> BoolArray | None:
    if not spec.exclude:
        return holds
    kept = np.ones(len(items), dtype=np.bool_) if holds is None else holds.copy()
    rows = items.rows(spec.exclude)
    kept[rows[rows >= 0]] = False
    return kept


def _diversity(spec: DiversitySpec, table: AttributeTable) -> Diversity:
    if spec.attribute is None:
        return Diversity(spec.strength)
    with of_field("diversity.attribute"):
        column = table.column(spec.attribute)
    groups = np.where(column.missing, np.int32(NO_GROUP), column.codes)
    return Diversity(spec.strength, groups, spec.most_per_value)
