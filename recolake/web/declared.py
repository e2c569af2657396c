"""What each route of an application asks for: one thing, or the application does not start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

T = TypeVar("T")


class UndeclaredRouteError(RuntimeError):
    """A route says not, or not in one word, who may use it. A fault of the code, so it stops the start."""


def declarations(
    app: FastAPI, read: Callable[[object], T | None], public: object, kind: str
) -> dict[tuple[str, str], T | None]:
    """What each route asks for, by method and path; None for those that ask nothing of anybody.

    Args:
        read: what a dependency declares, None where it declares nothing.
        public: the dependency by which a route says that it asks for nothing.
        kind: what is declared, for the error.

    Raises:
        UndeclaredRouteError: a route declares none, or more than one.
    """
    declared: dict[tuple[str, str], T | None] = {}
    for route in app.routes:
        if not isinstance(route, APIRoute):
            continue  # the documents about the API itself
        calls = list(_calls(route.dependant))
        found = {said for call in calls if (said := read(call)) is not None}
        asked: set[T | None] = {*found, *([None] if public in calls else [])}
        if len(asked) != 1:
            shown = sorted(map(str, asked))
            message = f"{route.path} must declare one {kind} or PUBLIC; it declares {shown}"
            raise UndeclaredRouteError(message)
        for method in route.methods:
            declared[method, route.path] = next(iter(asked))
    return declared


def _calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)
