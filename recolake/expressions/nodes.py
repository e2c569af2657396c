"""An expression as a tree of values. Where a part stood in the text is told, but makes no difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

Value = str | float | bool | datetime | None
"""None is what is missing; a moment is in UTC."""


class Scope(StrEnum):
    """Whose attribute."""

    ITEM = "item"
    USER = "user"
    CONTEXT = "context"


class Op(StrEnum):
    """How two values are compared."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="

    @property
    def flipped(self) -> Op:
        """The same with its sides changed."""
        return _FLIPPED[self]


_FLIPPED = {Op.EQ: Op.EQ, Op.NE: Op.NE, Op.LT: Op.GT, Op.LE: Op.GE, Op.GT: Op.LT, Op.GE: Op.LE}


@dataclass(frozen=True, slots=True)
class Literal:
    """A value. `kind` keeps 1 apart from true, which Python does not."""

    value: Value
    position: int = field(default=1, compare=False)
    kind: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", type(self.value).__name__)


@dataclass(frozen=True, slots=True)
class Reference:
    """An attribute; alone, whether it is true."""

    scope: Scope
    name: str
    position: int = field(default=1, compare=False)


Operand = Literal | Reference


@dataclass(frozen=True, slots=True)
class Listing:
    """Some values, written down."""

    parts: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Has:
    """Whether there is such an attribute."""

    reference: Reference


@dataclass(frozen=True, slots=True)
class Comparison:
    left: Operand
    op: Op
    right: Operand


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether a value is one of several."""

    member: Operand
    among: Listing | Reference


@dataclass(frozen=True, slots=True)
class Not:
    part: Expression


@dataclass(frozen=True, slots=True)
class And:
    """All of at least two."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of at least two."""

    parts: tuple[Expression, ...]


Expression = Literal | Reference | Has | Comparison | Membership | Not | And | Or
"""A literal is here true or false."""


def references(part: Expression | Listing) -> Iterator[Reference]:
    """Every attribute that is named, as often as it is."""
    if isinstance(part, Reference):
        yield part
    elif isinstance(part, Has):
        yield part.reference
    elif isinstance(part, Comparison):
        yield from references(part.left)
        yield from references(part.right)
    elif isinstance(part, Membership):
        yield from references(part.member)
        yield from references(part.among)
    elif isinstance(part, Not):
        yield from references(part.part)
    elif isinstance(part, And | Or | Listing):
        for each in part.parts:
            yield from references(each)
