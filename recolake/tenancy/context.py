"""Who a piece of work is done for. Functions that read or write take a `Tenant`, never a bare string."""

from __future__ import annotations

import re
from dataclasses import dataclass

from recolake.errors import InvalidInputError

# One case, ASCII only, no dots or slashes: different names never meet in a path, a Redis key or a topic.
_NAME = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9])){1,38}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tenant:
    """A customer of the platform.

    Raises:
        InvalidInputError: the name is not 2 to 39 lower-case ASCII letters, digits and single inner hyphens.
    """

    name: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InvalidInputError(
                f"'{self.name}' is not a tenant name.",
                hint="Use 2 to 39 lower-case letters, digits and single hyphens, beginning with a letter.",
                field="tenant",
            )

    def __str__(self) -> str:
        return self.name


UNCLAIMED = Tenant("unclaimed")
"""Whose quarantine holds messages of which nobody can say whose they are. No customer gets the name."""
