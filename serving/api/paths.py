"""Ids in paths: `{item_id:id}` takes whatever an id may be, slashes and line breaks too.

Starlette's own `path` ends at a line break, so that what an event named could not be deleted.
"""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor


class _Id(Convertor[str]):
    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


def register() -> None:
    """Make `id` known to the routes that are declared from now on."""
    register_url_convertor("id", _Id())
