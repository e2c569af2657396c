"""A mapping from a sample, as a person would write it, with a comment a field on how sure it is."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from recolake.contracts.csv_text import CsvFormat
from recolake.contracts.events import EVENT_TYPES
from recolake.contracts.expressions import compile_expression
from recolake.contracts.formats import JsonlFormat, RawFormat
from recolake.contracts.literals import ExpressionError
from recolake.contracts.mapping import parse_mapping
from recolake.contracts.sql_text import identifier, literal
from recolake.inference.guess import Guess, guess_roles, is_rating
from recolake.inference.sample import Sample

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SYNONYMS = {
    "buy": "purchase",
    "order": "purchase",
    "transaction": "purchase",
    "pv": "view",
    "page_view": "view",
    "pageview": "view",
    "impression": "view",
    "addtocart": "cart",
    "add_to_cart": "cart",
    "fav": "wishlist",
    "favorite": "wishlist",
    "refund": "return",
    "rate": "rating",
}
Field = tuple[str, str, float, str]
"""A key, its expression, how sure it is, and why."""


def propose(sample: Sample, file: str) -> str:
    """The text of a mapping that reads the sample.

    It can always be loaded; what was not found is a constant, and its comment says so.

    Raises:
        MappingError: the columns' names cannot be written in a mapping.
    """
    roles = guess_roles(sample)
    fields = [*_identities(roles, sample), _type(roles, sample), *_numbers(roles, sample), _time(roles)]
    personal = [roles[name].column for name in ("user", "session") if name in roles]
    lines = [
        f"# Proposed from {len(sample.rows)} records of {json.dumps(file)}: read it before you use it.",
        "# Each comment says how sure a field is, and why. How to write one: docs/reference/mapping.md",
        "version: 1",
        _comment(sample.sure, sample.why),
        f"format: {_format(sample.form)}",
        f"columns: [{', '.join(map(_quoted, sample.columns))}]",
        "# People's ids leave the landing zone as pseudonyms only; name here what else is about people.",
        f"personal: [{', '.join(map(_quoted, personal))}]",
        "event:",
    ]
    for name, expression, sure, why in fields:
        lines += [f"  {_comment(sure, why)}", f"  {name}: {_quoted(expression)}"]
    if title := roles.get("title"):
        lines += ["item:", f"  {_comment(title.sure, title.why)}", f"  title: {_quoted(_use(title, sample))}"]
    text = "\n".join([*lines, ""])
    parse_mapping(text, "the proposed mapping")
    return text


def _identities(roles: dict[str, Guess], sample: Sample) -> list[Field]:
    found = [
        (name, _use(roles[name], sample), roles[name].sure, roles[name].why)
        for name in ("user", "session", "order", "item")
        if name in roles
    ]
    if "item" not in roles:
        found.append(("item", "'unknown'", 0.0, "no column is left for it: put it right"))
    if not {"user", "session", "order"} & roles.keys():
        found.append(("order", "'unknown'", 0.0, "no column is a person, a visit or an order: put it right"))
    return found


def _numbers(roles: dict[str, Guess], sample: Sample) -> list[Field]:
    found = [
        (name, _use(roles[name], sample), roles[name].sure, roles[name].why)
        for name in ("quantity", "price", "value")
        if name in roles
    ]
    if "value" not in roles and {"quantity", "price"} <= roles.keys():
        product = f"{_use(roles['quantity'], sample)} * {_use(roles['price'], sample)}"
        found.append(("value", product, 0.8, "quantity times price"))
    return found


def _time(roles: dict[str, Guess]) -> Field:
    if guess := roles.get("time"):
        return ("time", guess.form.format(_reference(guess.column)), guess.sure, guess.why)
    today = f"'{datetime.now(UTC).date().isoformat()}'"
    return ("time", today, 0.0, "no column can be read as a time; this is today: put it right")


def _type(roles: dict[str, Guess], sample: Sample) -> Field:
    if guess := roles.get("type"):
        return _type_of(guess, sample)
    if (value := roles.get("value")) and is_rating(value):
        return ("type", "'rating'", value.sure, f"{value.column} seems to be a rating")
    if quantity := roles.get("quantity"):
        column = _reference(quantity.column)
        if any(text.startswith("-") for text in sample.values(quantity.column)):
            case = f"CASE WHEN {column} < 0 THEN 'return' ELSE 'purchase' END"
            return ("type", case, 0.6, "there are quantities below nothing, as of returns")
    bought = [name for name in ("order", "quantity", "price") if name in roles]
    if bought:
        return (
            "type",
            "'purchase'",
            0.7,
            f"there is a column for {' and '.join(bought)}, and none for types",
        )
    return ("type", "'view'", 0.2, "no column says what happened")


def _type_of(guess: Guess, sample: Sample) -> Field:
    column = _reference(guess.column)
    values = sorted({text.lower() for text in sample.values(guess.column)})
    branches = " ".join(f"WHEN {literal(v)} THEN '{_SYNONYMS[v]}'" for v in values if v in _SYNONYMS)
    strange = [v for v in values if v not in _SYNONYMS and v not in EVENT_TYPES]
    expression = (
        f"CASE lower({column}) {branches} ELSE lower({column}) END" if branches else f"lower({column})"
    )
    if strange:
        shown = ", ".join(json.dumps(v[:40]) for v in strange[:5])
        why = f"{guess.why}; bring these to one of {', '.join(EVENT_TYPES)}: {shown}"
        return ("type", expression, 0.3, why)
    return ("type", expression, guess.sure, guess.why)


def _use(guess: Guess, sample: Sample) -> str:
    assert guess.column in sample.columns
    return guess.form.format(_reference(guess.column))


def _reference(column: str) -> str:
    """A column in an expression; in backticks where the bare name is no name, or a word of the language."""
    if _BARE.fullmatch(column):
        try:
            if compile_expression(column, [column]).columns == {column}:
                return column
        except ExpressionError:
            pass
    return identifier(column)


def _format(form: RawFormat) -> str:
    if not isinstance(form, CsvFormat):
        return "jsonl" if isinstance(form, JsonlFormat) else "parquet"
    default = CsvFormat()
    said = {
        name: value
        for name, value in (
            ("delimiter", form.delimiter),
            ("quote", form.quote or "none"),
            ("encoding", form.encoding),
        )
        if value != getattr(default, name)
    }
    options = [f"{name}: {_quoted(value)}" for name, value in said.items()]
    options += [] if form.header else ["header: false"]
    return f"{{csv: {{{', '.join(options)}}}}}" if options else "csv"


def _quoted(text: str) -> str:
    bare = _BARE.fullmatch(text) and text.lower() not in _YAML_WORDS
    return text if bare else json.dumps(text, ensure_ascii=False)


_YAML_WORDS = frozenset(["null", "true", "false", "yes", "no", "on", "off", "y", "n"])


def _comment(sure: float, why: str) -> str:
    word = "sure" if sure >= 0.9 else "rather sure" if sure >= 0.6 else "a guess" if sure else "not found"
    return f"# {word} ({sure:.0%}): {' '.join(why.split())}"
