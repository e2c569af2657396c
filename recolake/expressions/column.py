"""One attribute of many items: its different texts once, and for each item which of them it has."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from recolake.expressions.nodes import Op, Value
from recolake.expressions.values import OPERATORS, compare, elements, moment, number, truth

BoolArray = npt.NDArray[np.bool_]
_NEITHER = -1


@dataclass(frozen=True)
class Column:
    """Texts of I items.

    Attributes:
        values: the V different ones, ascending.
        codes: [I] int32, place in `values`; V where the item has none.
    """

    values: tuple[str, ...]
    codes: npt.NDArray[np.int32]

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> Column:
        values = tuple(sorted({text for text in texts if text is not None}))
        place: dict[str | None, int] = {text: code for code, text in enumerate(values)}
        place[None] = len(values)
        return cls(values, np.fromiter((place[text] for text in texts), dtype=np.int32, count=len(texts)))

    @property
    def missing(self) -> BoolArray:
        """[I]"""
        found: BoolArray = self.codes == len(self.values)
        return found

    @cached_property
    def numbers(self) -> npt.NDArray[np.float64]:
        """[V + 1] what each text is as a number; NaN for those that are none, and at the end."""
        found = (number(text) for text in self.values)
        return np.array([*(np.nan if each is None else each for each in found), np.nan])

    @cached_property
    def moments(self) -> npt.NDArray[np.datetime64]:
        """[V + 1] the same as moments, in UTC; NaT for none."""
        found = (moment(text) for text in self.values)
        plain = [None if each is None else each.replace(tzinfo=None) for each in found]
        return np.array([*plain, None], dtype="datetime64[us]")

    @cached_property
    def truths(self) -> npt.NDArray[np.int8]:
        """[V + 1] 1 for true, 0 for false, -1 for neither."""
        found = (truth(text) for text in self.values)
        return np.array([*(_NEITHER if each is None else each for each in found), _NEITHER], np.int8)

    def compared(self, op: Op, value: Value) -> BoolArray:
        """[I] how each item's text compares with a value."""
        if op is Op.NE:
            return ~self.compared(Op.EQ, value)
        return self._having(self._compared(op, value))

    def is_one_of(self, values: Sequence[Value]) -> BoolArray:
        """[I] whether each item's text equals one of these."""
        found = np.zeros(len(self.values) + 1, dtype=np.bool_)
        numbers = [value for value in values if isinstance(value, float)]
        if numbers:
            found |= np.isin(self.numbers, numbers)
        for value in values:
            if isinstance(value, str):
                place = bisect_left(self.values, value)
                found[place] |= place < len(self.values) and self.values[place] == value
            elif not isinstance(value, float):
                found |= self._compared(Op.EQ, value)
        return self._having(found)

    def lists(self, member: Value) -> BoolArray:
        """[I] whether each item's text, a JSON array or else the one text, has an element equal to this."""
        listed = (any(compare(each, Op.EQ, member) for each in texts) for texts in self._elements)
        return self._having(np.array([*listed, False], dtype=np.bool_))

    def lists_that_of(self, other: Column) -> BoolArray:
        """[I] whether each item's text has an element equal to the same item's text of another column."""
        pairs, place = np.unique(np.stack([self.codes, other.codes]), axis=1, return_inverse=True)
        found = np.zeros(pairs.shape[1], dtype=np.bool_)
        for number_, (own, theirs) in enumerate(pairs.T.tolist()):
            if own < len(self.values) and theirs < len(other.values):
                found[number_] = other.values[theirs] in self._elements[own]
        return found[place.reshape(-1)]

    def compared_to(self, op: Op, other: Column) -> BoolArray:
        """[I] how the texts of two columns compare: as numbers where both are, or else as texts."""
        if op is Op.NE:
            return ~self.compared_to(Op.EQ, other)
        both = sorted({*self.values, *other.values})
        place = {text: rank for rank, text in enumerate(both)}
        ranks = [
            np.array([*(place[text] for text in side.values), _NEITHER])[side.codes] for side in (self, other)
        ]
        mine, theirs = self.numbers[self.codes], other.numbers[other.codes]
        as_numbers = np.isfinite(mine) & np.isfinite(theirs)
        found = np.where(as_numbers, OPERATORS[op](mine, theirs), OPERATORS[op](*ranks))
        none, either = self.missing & other.missing, self.missing | other.missing
        ordered: BoolArray = found & ~either
        return ordered | none if op is Op.EQ else ordered

    def _having(self, chosen: BoolArray) -> BoolArray:
        """[I] from [V + 1], the last for what is missing."""
        return chosen[self.codes]

    def _compared(self, op: Op, value: Value) -> BoolArray:
        """[V + 1]"""
        found = np.zeros(len(self.values) + 1, dtype=np.bool_)
        if value is None:
            found[-1] = op is Op.EQ
        elif isinstance(value, str):
            low, high = bisect_left(self.values, value), bisect_right(self.values, value)
            first, last = _SPANS[op]
            found[(0, low, high)[first] : (low, high, len(self.values))[last]] = True
        elif isinstance(value, bool):
            found = (self.truths == value) & (op is Op.EQ)
        elif isinstance(value, float):
            found = OPERATORS[op](self.numbers, value)
        else:
            found = OPERATORS[op](self.moments, np.datetime64(value.replace(tzinfo=None), "us"))
        return found

    @cached_property
    def _elements(self) -> tuple[tuple[str, ...], ...]:
        return tuple(elements(text) for text in self.values)


# Of ascending texts: from the beginning, the first or beyond the last equal one; up to the first equal one,
# beyond the last, or the end.
_SPANS = {Op.EQ: (1, 1), Op.LT: (0, 0), Op.LE: (0, 1), Op.GT: (2, 2), Op.GE: (1, 2)}
