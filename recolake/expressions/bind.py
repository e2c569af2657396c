"""Put what is known of a person and a request in the place of their attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
    Operand,
    Or,
    Reference,
    Scope,
    Value,
)

Known = Value | list[Value] | tuple[Value, ...]
"""A list of values where an attribute has several."""


@dataclass(frozen=True)
class Surroundings:
    """Attributes of the person and of the request. None is one that exists but is missing."""

    user: Mapping[str, Known] = field(default_factory=dict)
    context: Mapping[str, Known] = field(default_factory=dict)

    def of(self, reference: Reference) -> Known:
        """Raises UnknownAttributeError where there is none of that name."""
        found = self.user if reference.scope is Scope.USER else self.context
        if reference.name not in found:
            known = [f"{reference.scope}.{name}" for name in sorted(found)]
            raise UnknownAttributeError(f"{reference.scope}.{reference.name}", reference.position, known)
        return found[reference.name]


def bind(part: Expression, around: Surroundings) -> Expression:
    """The expression with no attributes left but those of items.

    Raises:
        UnknownAttributeError: it names an attribute of a person or a request that there is none of.
        ExpressionError: it compares a list as if it were one value.
    """
    if isinstance(part, Reference):
        return part if part.scope is Scope.ITEM else Literal(_is_true(around.of(part)), part.position)
    if isinstance(part, Has):
        reference = part.reference
        return part if reference.scope is Scope.ITEM else Literal(around.of(reference) is not None)
    if isinstance(part, Comparison):
        return Comparison(_one(part.left, around), part.op, _one(part.right, around))
    if isinstance(part, Membership):
        return Membership(_one(part.member, around), _several(part.among, around))
    if isinstance(part, Not):
        return Not(bind(part.part, around))
    if isinstance(part, And | Or):
        return type(part)(tuple(bind(each, around) for each in part.parts))
    return part


def _one(part: Operand, around: Surroundings) -> Operand:
    if isinstance(part, Literal) or part.scope is Scope.ITEM:
        return part
    found = around.of(part)
    if isinstance(found, list | tuple):
        said = f"{part.scope}.{part.name} is a list; ask with 'in'."
        raise ExpressionError(said, part.position, ["one value"])
    return Literal(found, part.position)


def _several(part: Listing | Reference, around: Surroundings) -> Listing | Reference:
    if isinstance(part, Reference):
        return part if part.scope is Scope.ITEM else Listing(_literals(around.of(part), part.position))
    parts: list[Operand] = []
    for each in part.parts:
        if isinstance(each, Literal) or each.scope is Scope.ITEM:
            parts.append(each)
        else:
            parts.extend(_literals(around.of(each), each.position))
    return Listing(tuple(parts))


def _literals(found: Known, position: int) -> tuple[Literal, ...]:
    """Of what is missing none: nothing is one of it."""
    if isinstance(found, list | tuple):
        return tuple(Literal(each, position) for each in found)
    return () if found is None else (Literal(found, position),)


def _is_true(found: Known) -> bool:
    return found is True or (isinstance(found, str) and found.strip().lower() == "true")
