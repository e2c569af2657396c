"""From a text to a tree, by recursive descent; `parse` remembers what it read last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from recolake.expressions.errors import ExpressionError
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
from recolake.expressions.tokens import Kind, Token, tokens

LONGEST = 4_000
DEEPEST = 60
# What an expression may cost at most over a catalogue; attributes of items with each other are the dearest.
MOST_CONDITIONS = 100
MOST_PAIRS = 4
_REMEMBERED = 512
_OPERATORS = frozenset(Op)
_WORDS = {"true": True, "false": False, "null": None}
_COMPARES = [*(f"'{op}'" for op in Op), "'in'", "'not in'"]


@lru_cache(maxsize=_REMEMBERED)
def parse(text: str) -> Expression:
    """The tree of an expression.

    Raises:
        ExpressionError: it is none; whatever the text, nothing else is raised.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression has at most {LONGEST} characters.", LONGEST + 1, ["the end"])
    return _Reader(list(tokens(text))).whole()


class _Reader:
    def __init__(self, words: list[Token]) -> None:
        self._words = words
        self._at = 0
        self._depth = 0
        self._conditions = 0
        self._pairs = 0

    def whole(self) -> Expression:
        found = self._either()
        if self._next.kind is not Kind.END:
            raise self._unexpected(["'and'", "'or'", "the end"])
        return found

    @property
    def _next(self) -> Token:
        return self._words[self._at]

    def _takes(self, kind: Kind, *texts: str) -> Token | None:
        """The next word, if it is one of these; it is read then."""
        word = self._next
        if word.kind is kind and (not texts or word.text in texts):
            self._at += 1
            return word
        return None

    def _needs(self, kind: Kind, text: str, *, also: tuple[str, ...] = ()) -> None:
        if self._takes(kind, text) is None:
            raise self._unexpected([*also, f"'{text}'"])

    def _unexpected(self, expected: list[str]) -> ExpressionError:
        word = self._next
        found = "the end" if word.kind is Kind.END else f"'{word.text}'"
        wanted = expected[0] if len(expected) == 1 else f"{', '.join(expected[:-1])} or {expected[-1]}"
        return ExpressionError(f"expected {wanted}, found {found}.", word.position, expected)

    @contextmanager
    def _deeper(self, position: int) -> Iterator[None]:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ExpressionError(f"nested more than {DEEPEST} deep.", position, ["something simpler"])
        yield
        self._depth -= 1

    def _counted(self, position: int, left: Operand, *others: Operand) -> None:
        """One condition more, on an operand and what it is compared with."""
        self._conditions += 1
        self._pairs += _of_item(left) * sum(map(_of_item, others))
        if self._conditions > MOST_CONDITIONS:
            raise ExpressionError(
                f"more than {MOST_CONDITIONS} conditions; 'in' asks for many values at once.",
                position,
                ["something simpler"],
            )
        if self._pairs > MOST_PAIRS:
            said = f"attributes of items are compared with each other more than {MOST_PAIRS} times."
            raise ExpressionError(said, position, ["a value"])

    def _either(self) -> Expression:
        parts = [self._all()]
        while self._takes(Kind.KEYWORD, "or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self) -> Expression:
        parts = [self._negated()]
        while self._takes(Kind.KEYWORD, "and"):
            parts.append(self._negated())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _negated(self) -> Expression:
        word = self._takes(Kind.KEYWORD, "not")
        if word is None:
            return self._condition()
        with self._deeper(word.position):
            return Not(self._negated())

    def _condition(self) -> Expression:
        if word := self._takes(Kind.SIGN, "("):
            with self._deeper(word.position):
                found = self._either()
            self._needs(Kind.SIGN, ")", also=("'and'", "'or'"))
            return found
        if self._takes(Kind.KEYWORD, "has"):
            self._needs(Kind.SIGN, "(")
            reference = self._reference()
            if reference is None:
                raise self._unexpected(["an attribute"])
            self._needs(Kind.SIGN, ")")
            return Has(reference)
        return self._compared(self._operand(["an attribute", "a value", "'not'", "'has('", "'('"]))

    def _compared(self, left: Operand) -> Expression:
        if word := self._takes(Kind.SIGN, *_OPERATORS):
            op = Op(word.text)
            right = self._operand(["an attribute", "a value"])
            self._counted(word.position, left, right)
            for side in (left, right):
                if op not in (Op.EQ, Op.NE) and isinstance(side, Literal) and _has_no_order(side):
                    raise ExpressionError(
                        "null, true and false are neither smaller nor larger than anything.",
                        side.position,
                        ["a text", "a number", "a moment"],
                    )
            return Comparison(left, op, right)
        if self._takes(Kind.KEYWORD, "in"):
            return self._member(left)
        if self._next.text == "not" and self._next.kind is Kind.KEYWORD:
            self._at += 1
            self._needs(Kind.KEYWORD, "in")
            return Not(self._member(left))
        alone = isinstance(left, Reference) or isinstance(left.value, bool)
        follows = self._next.kind is Kind.END or self._next.text in ("and", "or", ")")
        if not alone or not follows:
            raise self._unexpected(_COMPARES)
        self._counted(left.position, left)
        return left

    def _member(self, left: Operand) -> Membership:
        position = self._next.position
        among = self._several()
        self._counted(position, left, *(among.parts if isinstance(among, Listing) else (among,)))
        return Membership(left, among)

    def _several(self) -> Listing | Reference:
        if self._takes(Kind.SIGN, "[") is None:
            reference = self._reference()
            if reference is None:
                raise self._unexpected(["'['", "an attribute that is a list"])
            return reference
        parts: list[Operand] = []
        if self._takes(Kind.SIGN, "]"):
            return Listing(())
        while True:
            parts.append(self._operand(["a value", "an attribute"]))
            if self._takes(Kind.SIGN, "]"):
                return Listing(tuple(parts))
            self._needs(Kind.SIGN, ",", also=("']'",))

    def _operand(self, expected: list[str]) -> Operand:
        if word := self._takes(Kind.VALUE):
            return Literal(word.value, word.position)
        if word := self._takes(Kind.KEYWORD, *_WORDS):
            return Literal(_WORDS[word.text], word.position)
        reference = self._reference()
        if reference is None:
            raise self._unexpected(expected)
        return reference

    def _reference(self) -> Reference | None:
        first = self._takes(Kind.NAME)
        if first is None:
            return None
        if first.quoted or first.text not in set(Scope) or not self._takes(Kind.SIGN, "."):
            return Reference(Scope.ITEM, first.text, first.position)
        name = self._takes(Kind.NAME) or self._takes(Kind.KEYWORD)
        if name is None:
            raise self._unexpected(["the name of an attribute"])
        return Reference(Scope(first.text), name.text, first.position)


def _of_item(operand: Operand) -> bool:
    return isinstance(operand, Reference) and operand.scope is Scope.ITEM


def _has_no_order(literal: Literal) -> bool:
    return literal.value is None or isinstance(literal.value, bool)
