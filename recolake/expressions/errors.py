"""What is wrong with an expression, and at which character."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recolake.errors import InvalidInputError

_LANGUAGE = "The language: docs/reference/filters.md."


class ExpressionError(InvalidInputError):
    """An expression cannot be understood. It is the only error that reading one raises.

    Attributes:
        position: of the character, counted from 1; one beyond the last where something is missing.
        expected: what could have stood there.
    """

    code = "invalid_expression"

    def __init__(self, said: str, position: int, expected: Sequence[str] = (), hint: str = _LANGUAGE) -> None:
        super().__init__(f"Character {position}: {said}", hint=hint)
        self.position = position
        self.expected = tuple(expected)

    @property
    def members(self) -> Mapping[str, Any]:
        return {"position": self.position, "expected": list(self.expected)}

    def of_field(self, field: str) -> ExpressionError:
        """The same, saying which field of a request held the expression."""
        self.field = field
        return self


class UnknownAttributeError(ExpressionError):
    """An expression names an attribute that nothing has."""

    code = "unknown_attribute"

    def __init__(self, name: str, position: int, known: Sequence[str]) -> None:
        shown = ", ".join(known[:_SHOWN]) + (", …" if len(known) > _SHOWN else "")
        super().__init__(
            f"There is no attribute '{name}'.",
            position,
            hint=f"Known are: {shown}." if known else "None are known.",
        )
        self.attribute = name
        self.known = tuple(known[:_TOLD])

    @property
    def members(self) -> Mapping[str, Any]:
        return {"position": self.position, "attribute": self.attribute, "known": list(self.known)}


_SHOWN = 20
_TOLD = 200
