"""Cells that a spreadsheet takes for text, and back: what looks like a formula gets an apostrophe."""

from __future__ import annotations

import re

# Also in full width, as East Asian spreadsheets read them: OWASP, CSV Injection.
_BEGINS = r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_FORMULA = re.compile(rf"'*{_BEGINS}")
_ESCAPED = re.compile(rf"'+{_BEGINS}")
_NUMBER = re.compile(r"[+-]?(\d+[.]?\d*|[.]\d+)([eE][+-]?\d+)?", re.ASCII)


def escape(cell: str) -> str:
    """The cell, with an apostrophe before it if a spreadsheet might run it; numbers stay as they are."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def unescape(cell: str) -> str:
    """The cell that `escape` was given."""
    return cell[1:] if _ESCAPED.match(cell) else cell
