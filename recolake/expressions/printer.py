"""From a tree to its text: `parse(to_text(tree))` is the tree again."""

from __future__ import annotations

from datetime import datetime

from recolake.expressions.nodes import (
    And,
    Comparison,
    Expression,
    Has,
    Listing,
    Literal,
    Membership,
    Not,
    Or,
    Reference,
    Scope,
    Value,
)
from recolake.expressions.tokens import IDENTIFIER, KEYWORDS

_WHOLE_BELOW = 1e15


def to_text(part: Expression | Listing) -> str:
    """The expression, with parentheses only where it needs them."""
    if isinstance(part, Literal):
        return _value(part.value)
    if isinstance(part, Reference):
        return _reference(part)
    if isinstance(part, Has):
        return f"has({_reference(part.reference)})"
    if isinstance(part, Listing):
        return f"[{', '.join(to_text(each) for each in part.parts)}]"
    if isinstance(part, Comparison):
        return f"{to_text(part.left)} {part.op} {to_text(part.right)}"
    if isinstance(part, Membership):
        return f"{to_text(part.member)} in {to_text(part.among)}"
    if isinstance(part, Not):
        return f"not {_within(part.part, And | Or)}"
    if isinstance(part, And):
        return " and ".join(_within(each, And | Or) for each in part.parts)
    return " or ".join(_within(each, Or) for each in part.parts)


def _within(part: Expression, looser: object) -> str:
    text = to_text(part)
    return f"({text})" if isinstance(part, looser) else text  # type: ignore[arg-type]


def _reference(part: Reference) -> str:
    own = KEYWORDS | set(Scope)
    plain = IDENTIFIER.fullmatch(part.name) and part.name.lower() not in own
    name = part.name if plain else "`" + part.name.replace("`", "``") + "`"
    return name if part.scope is Scope.ITEM else f"{part.scope}.{name}"


def _value(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _WHOLE_BELOW else repr(value)
    if isinstance(value, datetime):
        return f"@{value.replace(tzinfo=None).isoformat()}Z"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
