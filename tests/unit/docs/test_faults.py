"""Every fault of the reference has tests that are marked with it, and the page names each of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from recolake.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "reference" / "faults.md"
FAULTS = {1, 4, 5, 6, 10, 11, 12, 14, 15}
TESTS = PROJECT_ROOT / "tests"


def marked(path: Path) -> Iterator[tuple[int, str]]:
    """Fault and test of each `@pytest.mark.fault(number)` of a module."""
    source = path.read_text()
    if "mark.fault(" not in source:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                found = re.fullmatch(r"pytest\.mark\.fault\((\d+)\)", ast.unparse(decorator))
                if found:
                    yield int(found[1]), f"{path.relative_to(TESTS)}::{node.name}"


def named() -> Iterator[tuple[int, str]]:
    """Fault and test of each line of the page's table."""
    for line in PAGE.read_text().splitlines():
        number = re.match(r"\| (\d+) \|", line)
        if number:
            for test in re.findall(r"`([\w/]+\.py::\w+)`", line):
                yield int(number[1]), test


def test_the_page_names_every_test_of_every_fault_and_no_other() -> None:
    on_page, in_code = (
        sorted(named()),
        sorted(found for path in TESTS.rglob("*.py") for found in marked(path)),
    )
    assert on_page == in_code
    assert {number for number, _ in on_page} == FAULTS
