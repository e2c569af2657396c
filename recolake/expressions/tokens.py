"""The words of an expression, and where each begins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from recolake.expressions.errors import ExpressionError
from recolake.expressions.nodes import Value
from recolake.expressions.values import moment, number

KEYWORDS = frozenset({"and", "or", "not", "in", "has", "true", "false", "null"})
IDENTIFIER = re.compile(r"[^\W\d]\w*")
_WORDS = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    | (?P<moment>@[0-9A-Za-z:.+-]*)
    | (?P<name>[^\W\d]\w*)
    | (?P<quoted>`(?:[^`]|``)*`)
    | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<sign><=|>=|!=|==|[=<>()\[\],.])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "'": "'"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Kind(StrEnum):
    """What a word is."""

    VALUE = "value"
    NAME = "name"
    KEYWORD = "keyword"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A word.

    Attributes:
        text: as written; of keywords in lower case, of a name without its quotes.
        position: counted from 1.
        value: of a value.
        quoted: whether a name was in backticks, and so is none of the language's own.
    """

    kind: Kind
    text: str
    position: int
    value: Value = None
    quoted: bool = False


def tokens(text: str) -> Iterator[Token]:
    """Every word, then the end; raises ExpressionError where a word is none."""
    at = 0
    while at < len(text):
        found = _WORDS.match(text, at)
        if found is None:
            raise _no_word(text, at)
        if found.lastgroup != "space":
            yield _token(str(found.lastgroup), found.group(), at + 1)
        at = found.end()
    yield Token(Kind.END, "", len(text) + 1)


def _token(group: str, word: str, position: int) -> Token:
    if group == "sign":
        return Token(Kind.SIGN, "=" if word == "==" else word, position)
    if group == "name":
        keyword = word.lower()
        if keyword in KEYWORDS:
            return Token(Kind.KEYWORD, keyword, position)
        return Token(Kind.NAME, word, position)
    if group == "quoted":
        name = word[1:-1].replace("``", "`")
        if not name:
            raise ExpressionError("there is no name between the backticks.", position, ["a name"])
        return Token(Kind.NAME, name, position, quoted=True)
    return Token(Kind.VALUE, word, position, _value(group, word, position))


def _value(group: str, word: str, position: int) -> Value:
    if group == "number":
        found = number(word)
        if found is None:
            raise ExpressionError("this number is too large.", position, ["a number"])
        return found
    if group == "moment":
        when = moment(word[1:])
        if when is None:
            expected = "a day or moment such as @2026-01-31 or @2026-01-31T12:00:00Z"
            raise ExpressionError(f"'{word}' is no day or moment.", position, [expected])
        return when
    for escape in _ESCAPE.finditer(word):
        if escape[1] not in _ESCAPES:
            said = f"'\\{escape[1]}' stands for nothing."
            known = [f"\\{each}" for each in ("\\", '"', "'", "n", "r", "t")]
            raise ExpressionError(said, position + escape.start(), known)
    return _ESCAPE.sub(lambda escape: _ESCAPES[escape[1]], word[1:-1])


def _no_word(text: str, at: int) -> ExpressionError:
    mark = text[at]
    if mark in "\"'`":
        return ExpressionError(f"this {mark} is never closed.", at + 1, [f"a closing {mark}"])
    if mark == "!":
        return ExpressionError("'!' alone means nothing.", at + 1, ["!=", "not"])
    return ExpressionError(
        f"'{mark}' means nothing here.", at + 1, ["a value", "an attribute", "an operator"]
    )
