"""The attributes of many items, and which items a condition holds for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache

import numpy as np

from recolake.expressions.column import BoolArray, Column
from recolake.expressions.errors import UnknownAttributeError
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
    Operand,
    Or,
    Reference,
    Scope,
)
from recolake.expressions.values import compare

ITEM_ID, TITLE = "item_id", "title"
# Masks of so many bytes are kept, of the conditions that were asked for last.
_KEPT_BYTES = 32 << 20
_MOST_KEPT = 256


class AttributeTable:
    """Attributes of I items by name; `item_id` and `title` are two of them. Safe to share between threads.

    A column is made when it is first asked for.
    """

    def __init__(
        self, ids: Sequence[str], titles: Sequence[str], attributes: Sequence[Mapping[str, str]]
    ) -> None:
        self._own = {ITEM_ID: ids, TITLE: [title or None for title in titles]}
        self._attributes = attributes
        self._columns: dict[str, Column] = {}
        kept = min(_MOST_KEPT, max(4, _KEPT_BYTES // max(1, len(ids))))
        self._mask: Callable[[Expression], BoolArray] = lru_cache(maxsize=kept)(self._made)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every attribute that an item has, in order."""
        return tuple(sorted(self._known))

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self._own).union(*self._attributes)

    def require(self, name: str, position: int = 1) -> None:
        """Raises UnknownAttributeError where no item has such an attribute."""
        if name not in self._known:
            raise UnknownAttributeError(name, position, self.names)

    def column(self, name: str, position: int = 1) -> Column:
        """Raises as `require` does."""
        found = self._columns.get(name)
        if found is None:
            self.require(name, position)
            own = self._own.get(name)
            texts = [each.get(name) for each in self._attributes] if own is None else own
            found = self._columns[name] = Column.of(texts)
        return found

    def text(self, name: str, row: int) -> str | None:
        """An item's attribute; None where it has none, or no item has."""
        own = self._own.get(name)
        return self._attributes[row].get(name) if own is None else own[row]

    def mask(self, expression: Expression) -> BoolArray:
        """[I] for which items it holds; not to be written to.

        Args:
            expression: `bind` was called for it.

        Raises:
            UnknownAttributeError: it names an attribute that no item has.
        """
        return self._mask(expression)

    def _made(self, expression: Expression) -> BoolArray:
        found = np.ascontiguousarray(self._holds(expression))
        found.setflags(write=False)
        return found

    def _holds(self, part: Expression) -> BoolArray:
        if isinstance(part, Literal):
            return self._all(part.value is True)
        if isinstance(part, Reference):
            return self._column(part).compared(Op.EQ, True)
        if isinstance(part, Has):
            return ~self._column(part.reference).missing
        if isinstance(part, Comparison):
            return self._compared(part.left, part.op, part.right)
        if isinstance(part, Membership):
            return self._member(part)
        if isinstance(part, Not):
            return ~self._holds(part.part)
        together = np.logical_and if isinstance(part, And) else np.logical_or
        assert isinstance(part, And | Or)
        found = self._holds(part.parts[0])
        for each in part.parts[1:]:
            found = together(found, self._holds(each))
        return found

    def _compared(self, left: Operand, op: Op, right: Operand) -> BoolArray:
        if isinstance(left, Literal):
            if isinstance(right, Literal):
                return self._all(compare(left.value, op, right.value))
            return self._column(right).compared(op.flipped, left.value)
        if isinstance(right, Literal):
            return self._column(left).compared(op, right.value)
        return self._column(left).compared_to(op, self._column(right))

    def _member(self, part: Membership) -> BoolArray:
        member, among = part.member, part.among
        if isinstance(among, Listing):
            return self._one_of(member, among)
        lists = self._column(among)
        if isinstance(member, Literal):
            return lists.lists(member.value)
        return lists.lists_that_of(self._column(member))

    def _one_of(self, member: Operand, among: Listing) -> BoolArray:
        values = [part.value for part in among.parts if isinstance(part, Literal)]
        if isinstance(member, Reference):
            found = self._column(member).is_one_of(values)
        else:
            found = self._all(any(compare(member.value, Op.EQ, value) for value in values))
        for part in among.parts:
            if isinstance(part, Reference):
                found = found | self._compared(member, Op.EQ, part)
        return found

    def _column(self, reference: Reference) -> Column:
        assert reference.scope is Scope.ITEM
        return self.column(reference.name, reference.position)

    def _all(self, holds: bool) -> BoolArray:
        return np.full(len(self._attributes), holds, dtype=np.bool_)
