"""Mapping files: which columns of a customer's raw file become which fields of the canonical event."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from recolake.contracts.expressions import Expression, ExpressionError, parse_expression
from recolake.errors import MappingError

VERSION = 1
EVENT_FIELDS = (
    "id", "user", "item", "type", "time", "value", "quantity", "price", "order", "session", "recommendation",
)  # fmt: skip
REQUIRED_FIELDS = ("item", "type", "time")
NUMBER_FIELDS = ("value", "quantity", "price")
_SECTIONS = ("version", "format", "personal", "event", "item", "user")
_FORMAT_KEYS = ("type", "delimiter", "quote", "encoding")


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """How the text of a file is cut into columns; the first record is the header."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class EventMapping:
    """A checked mapping file.

    `lines` knows on which line of the file each field stands, for error messages.
    """

    source: str
    sha256: str
    text: str
    format: CsvFormat
    personal: tuple[str, ...]
    event: Mapping[str, Expression]
    properties: Mapping[str, Expression]
    item: Mapping[str, Expression]
    user: Mapping[str, Expression]
    lines: Mapping[str, int]

    def expressions(self) -> Iterator[tuple[str, Expression]]:
        """Every expression with its dotted name, e.g. `event.user`."""
        for section, fields in (
            ("event", self.event), ("event.properties", self.properties), ("item", self.item), ("user", self.user),
        ):  # fmt: skip
            for name, expression in fields.items():
                yield f"{section}.{name}", expression

    def check_header(self, header: Sequence[str], file: str) -> None:
        """Refuse a file that lacks a column which the mapping reads.

        Raises:
            MappingError: names the mapping's line, the field and the column.
        """
        for field, expression in self.expressions():
            for column in expression.columns:
                if column not in header:
                    raise self._missing(field, column, header, file)
        for column in self.personal:
            if column not in header:
                raise self._missing("personal", column, header, file)

    def _missing(self, field: str, column: str, header: Sequence[str], file: str) -> MappingError:
        return MappingError(
            f"{self.source}, line {self.lines.get(field, 1)}: {field} reads the column '{column}', "
            f"which '{file}' does not have.",
            hint=f"Its columns are: {', '.join(header)}.",
            field=field,
        )


def load_mapping(path: Path) -> EventMapping:
    """Read and check a mapping file.

    Raises:
        MappingError: the file is missing, is no YAML, or a field in it is wrong; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"The mapping '{path}' cannot be read: {error}", field="mapping") from error
    return parse_mapping(text, str(path))


def parse_mapping(text: str, source: str) -> EventMapping:
    """Check the text of a mapping file; `source` names it in errors."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", "") or "it cannot be parsed"
        raise MappingError(f"{source}, line {line}: this is not YAML: {problem}") from error
    reader = _Reader(source)
    document = reader.section(root, "the mapping", _SECTIONS)
    version = reader.text(document.get("version"), "version", root)
    if version != str(VERSION):
        raise reader.wrong(document.get("version") or root, f"version must be {VERSION}, not '{version}'")
    event_nodes = reader.section(document.get("event") or root, "event", (*EVENT_FIELDS, "properties"))
    properties = event_nodes.pop("properties", None)
    event = reader.fields("event", event_nodes)
    for required in REQUIRED_FIELDS:
        if required not in event:
            raise reader.wrong(document.get("event") or root, f"event.{required} is missing")
    return EventMapping(
        source=source,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        text=text,
        format=_format(reader, document.get("format")),
        personal=tuple(reader.strings(document.get("personal"), "personal")),
        event=event,
        properties=reader.fields("event.properties", reader.section(properties, "event.properties", None)),
        item=reader.fields("item", reader.section(document.get("item"), "item", None)),
        user=reader.fields("user", reader.section(document.get("user"), "user", None)),
        lines=reader.lines,
    )


def _format(reader: _Reader, node: yaml.Node | None) -> CsvFormat:
    given = {
        key: reader.text(value, f"format.{key}", value)
        for key, value in reader.section(node, "format", _FORMAT_KEYS).items()
    }
    if given.pop("type", "csv") != "csv":
        raise reader.wrong(node, "format.type must be csv")
    for key in ("delimiter", "quote"):
        if key in given and len(given[key]) != 1:
            raise reader.wrong(node, f"format.{key} must be one character")
    try:
        "".encode(given.get("encoding", "utf-8"))
    except LookupError as error:
        raise reader.wrong(node, f"format.encoding '{given['encoding']}' is unknown") from error
    return CsvFormat(**given)


class _Reader:
    """Walks YAML nodes, whose marks know their lines."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines: dict[str, int] = {}

    def wrong(self, node: yaml.Node | None, what: str) -> MappingError:
        line = node.start_mark.line + 1 if node is not None else 1
        return MappingError(
            f"{self.source}, line {line}: {what}.", hint="docs/reference/mapping.md describes the format.", field="mapping"
        )

    def section(self, node: yaml.Node | None, name: str, allowed: Sequence[str] | None) -> dict[str, Any]:
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            raise self.wrong(node, f"{name} must be a list of names with values")
        found: dict[str, Any] = {}
        for key, value in node.value:
            label = str(key.value)
            if allowed is not None and label not in allowed:
                raise self.wrong(key, f"{name} has no field '{label}'; it may have {', '.join(allowed)}")
            if label in found:
                raise self.wrong(key, f"'{label}' stands twice")
            found[label] = value
            self.lines[label if name == "the mapping" else f"{name}.{label}"] = key.start_mark.line + 1
        return found

    def text(self, node: yaml.Node | None, name: str, near: yaml.Node | None) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self.wrong(near, f"{name} must be a single value")
        return str(node.value)

    def strings(self, node: yaml.Node | None, name: str) -> list[str]:
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self.wrong(node, f"{name} must be a list")
        return [self.text(child, name, child) for child in node.value]

    def fields(self, section: str, nodes: Mapping[str, yaml.Node]) -> dict[str, Expression]:
        found = {}
        for name, node in nodes.items():
            try:
                found[name] = parse_expression(self.text(node, f"{section}.{name}", node))
            except ExpressionError as error:
                raise self.wrong(node, f"{section}.{name}: {error}") from error
        return found
