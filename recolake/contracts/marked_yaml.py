"""YAML whose every value knows its place in the file, so that an error can name line and column."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

import yaml

from recolake.errors import MappingError

_NO_TEXT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Marked:
    """A node of a mapping file: where it is, and what (a path such as `event.user`)."""

    file: str
    path: str
    node: yaml.Node

    def fail(self, message: str, *, hint: str = "") -> NoReturn:
        """Raise a MappingError about this node."""
        mark = self.node.start_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}"
        about = f"{self.path}: " if self.path else ""
        raise MappingError(f"{self.file}, {where}: {about}{message}.", hint=hint, field=self.path or None)

    def _child(self, key: str, node: yaml.Node) -> Marked:
        return Marked(self.file, f"{self.path}.{key}" if self.path else key, node)

    def entries(self) -> dict[str, Marked]:
        """The entries of a mapping, in order."""
        if not isinstance(self.node, yaml.MappingNode):
            self.fail("names with values are needed here (name: value)")
        found: dict[str, Marked] = {}
        for key, value in self.node.value:
            written = Marked(self.file, self.path, key)
            name = written.text()
            if name in found:
                written.fail(f"'{name}' is there twice")
            found[name] = self._child(name, value)
        return found

    def known_entries(self, *known: str) -> dict[str, Marked]:
        """The entries of a mapping that has no others than these."""
        found = self.entries()
        for name, value in found.items():
            if name not in known:
                value.fail(f"there is no such setting; there are {', '.join(known)}")
        return found

    def texts(self) -> list[tuple[str, Marked]]:
        """The texts of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            self.fail("a list is needed here ([a, b])")
        items = [Marked(self.file, self.path, item) for item in self.node.value]
        return [(item.text(), item) for item in items]

    def text(self) -> str:
        if not isinstance(self.node, yaml.ScalarNode) or self.node.tag == "tag:yaml.org,2002:null":
            self.fail("a value is needed here")
        if _NO_TEXT.search(self.node.value):
            self.fail("NUL or half a character (\\ud800 to \\udfff) is written here")
        return str(self.node.value)


def read_marked(text: str, file: str) -> Marked:
    """Raises MappingError if the text is not YAML."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise MappingError(f"{file}{where}: this is not YAML: {error.problem}.") from error
    except yaml.YAMLError as error:
        raise MappingError(f"{file}: this is not YAML: {error}.") from error
    except RecursionError as error:
        raise MappingError(f"{file}: its lists are nested too deeply.") from error
    if node is None:
        raise MappingError(f"{file}, line 1: the mapping is empty.")
    return Marked(file, "", node)
