"""The last thing that was computed: trials that differ only in what comes after need not compute it again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from training.datasets.interactions import Interactions

_T = TypeVar("_T")


class Memo(Generic[_T]):
    """Keeps one value, so that it costs no more memory than a single fit does."""

    def __init__(self) -> None:
        self._kept: tuple[Interactions, Hashable, _T] | None = None

    def of(self, interactions: Interactions, key: Hashable, make: Callable[[], _T]) -> _T:
        """What `make` gives for these interactions and this key."""
        if self._kept is not None and self._kept[0] is interactions and self._kept[1] == key:
            return self._kept[2]
        self._kept = None
        value = make()
        self._kept = (interactions, key, value)
        return value
