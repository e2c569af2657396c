"""What is sent, apart from how: the generated functions make calls, the clients send them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import quote

T = TypeVar("T")
Scalar = str | int | float | bool


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request of the API, whose answer is a T.

    `keyed`: an `Idempotency-Key` makes a second try safe. `raw`: the answer is bytes, not JSON.
    """

    method: str
    path: str
    query: Mapping[str, Scalar | None] | None = None
    body: object = None
    form: Mapping[str, object] | None = None
    raw: bool = False
    keyed: bool = False


def segment(text: str) -> str:
    """Text as one part of a path. ValueError where no URL can hold it."""
    if text in ("", ".", ".."):
        raise ValueError(f"{text!r} cannot be part of a URL; say it in a list, with `batch`")
    return quote(text, safe="")
