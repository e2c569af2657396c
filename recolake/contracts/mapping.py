"""Mapping files: which columns of a customer's files become which fields of an event, an item and a person.

Every value is an expression over the file's columns (`recolake.contracts.expressions`). The format is
described in docs/reference/mapping.md; files are versioned by their key `version`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from recolake.contracts.expressions import Expression, compile_expression
from recolake.contracts.formats import RawFormat, meaning_of, parse_format
from recolake.contracts.functions import Kind
from recolake.contracts.literals import ExpressionError
from recolake.contracts.marked_yaml import Marked, read_marked
from recolake.contracts.names import printable
from recolake.errors import MappingError, UploadError

VERSION = "1"
_EVENT_FIELDS = (
    "id",
    "user",
    "item",
    "type",
    "value",
    "quantity",
    "price",
    "time",
    "order",
    "session",
    "recommendation",
)
_REQUIRED = ("item", "type", "time")
_KINDS = {"value": Kind.NUMBER, "quantity": Kind.NUMBER, "price": Kind.NUMBER, "time": Kind.TIME}


@dataclass(frozen=True, slots=True)
class EventMapping:
    """A checked mapping. `sha256` is that of its meaning: comments, layout and order do not matter.

    Expressions are written over the physical names of the columns. `personal` are the columns that the file
    declares so, and those that name the user or the session: they leave the landing zone as pseudonyms only.
    """

    file: str
    text: str
    sha256: str
    format: RawFormat
    columns: tuple[str, ...]
    personal: frozenset[str]
    event: Mapping[str, Expression]
    properties: Mapping[str, Expression]
    item: Mapping[str, Expression]
    user: Mapping[str, Expression]

    @property
    def gives_ids(self) -> bool:
        """Whether the source has event ids of its own."""
        return "id" in self.event

    def check_header(self, header: Sequence[str], file: str) -> None:
        """Refuse a file that lacks a column of the mapping's; their order does not matter.

        A column that the mapping does not list might hold people's data: it stays in the landing zone.

        Raises:
            UploadError: names the columns.
        """
        missing = [name for name in self.columns if name not in header]
        if missing:
            raise UploadError(
                f"The header of '{file}' is not the one that {self.file} describes: "
                f"it lacks {', '.join(missing)}; it has {', '.join(header)}.",
                hint=f"The mapping's columns are: {', '.join(self.columns)}.",
                field="files",
            )


def load_mapping(path: Path) -> EventMapping:
    """Read and check a mapping file.

    Raises:
        MappingError: names the line and the column of what is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise MappingError(
            f"The mapping file {printable(path)} cannot be read: {error.strerror}.",
            hint="Mappings of this checkout: mappings/.",
        ) from error
    except UnicodeDecodeError as error:
        raise MappingError(f"The mapping file {printable(path)} is not UTF-8 text.") from error
    return parse_mapping(text, printable(path.name))


def parse_mapping(text: str, file: str) -> EventMapping:
    """A mapping from its text; `file` is the name for messages. Raises MappingError."""
    root = read_marked(text, file)
    top = root.known_entries("version", "format", "columns", "personal", "event", "item", "user")
    for name in ("version", "columns", "event"):
        if name not in top:
            root.fail(f"the setting '{name}' is missing")
    if top["version"].text() != VERSION:
        top["version"].fail(f"this platform reads mappings of version {VERSION}")
    columns = _columns(top["columns"])
    compiler = _Fields(columns)
    declared = _personal(top.get("personal"), columns)

    fields = top["event"].known_entries(*_EVENT_FIELDS, "properties")
    properties = fields.pop("properties", None)
    for name in _REQUIRED:
        if name not in fields:
            top["event"].fail(
                f"'{name}' is missing", hint="A constant is written 'in quotes', a column by its name."
            )
    if not {"user", "session", "order"} & set(fields):
        top["event"].fail("one of user, session and order is needed")
    event = {name: compiler.compile(value, _KINDS.get(name, Kind.TEXT)) for name, value in fields.items()}
    personal = declared.union(*(event[name].columns for name in ("user", "session") if name in event))
    groups = {
        name: {key: compiler.compile(value) for key, value in (marked.entries() if marked else {}).items()}
        for name, marked in (("properties", properties), ("item", top.get("item")), ("user", top.get("user")))
    }
    if properties:
        for key, value in properties.entries().items():
            if key.startswith("$"):
                value.fail("names that begin with $ are reserved")
    compiler.refuse_leaks(personal)
    form = parse_format(top.get("format"))
    return EventMapping(
        file=file,
        text=text,
        sha256=_meaning_sha256(text, form),
        format=form,
        columns=columns,
        personal=personal,
        event=event,
        properties=groups["properties"],
        item=groups["item"],
        user=groups["user"],
    )


class _Fields:
    """Compiles expressions and remembers where each stands."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._seen: list[tuple[Marked, Expression]] = []

    def compile(self, marked: Marked, kind: Kind = Kind.TEXT) -> Expression:
        try:
            expression = compile_expression(marked.text(), self._columns, kind)
        except ExpressionError as error:
            marked.fail(str(error))
        self._seen.append((marked, expression))
        return expression

    def refuse_leaks(self, personal: frozenset[str]) -> None:
        """Personal columns are replaced by pseudonyms only where people are named: user and session."""
        for marked, expression in self._seen:
            leaked = expression.columns & personal
            if leaked and marked.path not in ("event.user", "event.session"):
                marked.fail(
                    f"the column '{min(leaked)}' is personal (listed under personal, or names the user)",
                    hint="Personal columns may feed event.user and event.session only, or be asked IS NULL.",
                )


def _columns(marked: Marked) -> tuple[str, ...]:
    names: list[str] = []
    for name, item in marked.texts():
        if not name or name in names:
            item.fail(f"the column '{name}' is there twice" if name else "a column needs a name")
        names.append(name)
    if not names:
        marked.fail("the columns of the files are needed here")
    return tuple(names)


def _personal(marked: Marked | None, columns: tuple[str, ...]) -> frozenset[str]:
    if marked is None:
        return frozenset()
    for name, item in marked.texts():
        if name not in columns:
            item.fail(f"there is no column '{name}'; there are {', '.join(columns)}")
    return frozenset(name for name, _ in marked.texts())


def _meaning_sha256(text: str, form: RawFormat) -> str:
    """Hash of what a mapping says, as it is written: another release may compile it to other SQL."""
    said = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506
    # Without a header the order of columns says which is which.
    unordered = ("columns", "personal") if getattr(form, "header", True) else ("personal",)
    said |= {name: sorted(said[name]) for name in unordered if name in said}
    said["format"] = meaning_of(form)
    meaning = json.dumps({name: value for name, value in said.items() if value}, sort_keys=True)
    return hashlib.sha256(meaning.encode()).hexdigest()
