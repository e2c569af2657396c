"""Kinds of text that bodies and paths have in common: PostgreSQL takes no NUL."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import Field

PathId = Annotated[str, Path(max_length=40, pattern=r"^[A-Za-z0-9_-]+$")]
"""An id that the platform gave."""
DisplayName = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A line for people to read; it may be empty."""
