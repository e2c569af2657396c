"""Kinds of value that GraphQL has none for."""

from __future__ import annotations

from typing import NewType

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

Long = NewType("Long", int)
"""Counts and amounts: GraphQL's own Int ends at 2^31."""

_LONG: ScalarDefinition = strawberry.scalar(
    name="Long",
    description="A whole number of up to 64 bits, written as a JSON number",
    serialize=int,
    parse_value=int,
)
CONFIG = StrawberryConfig(scalar_map={Long: _LONG})
