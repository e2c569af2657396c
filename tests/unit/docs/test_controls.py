"""The page of the security controls and the tests that prove them say the same."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from recolake.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "reference" / "controls.md"
CONTROLS = set(range(1, 26))
STATES = {"proven", "in part", "not yet"}


def rows() -> Iterator[tuple[int, str, str, set[str]]]:
    """Control, state, where it is kept and the tests that the page names."""
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if cells and cells[0].strip("| ").isdigit():
            number, _, _, where, state, proofs = cells
            yield int(number.strip("| ")), state, where, set(re.findall(r"`(tests/[^`]+)`", proofs))


def marked() -> dict[str, set[int]]:
    """Controls by the test that is marked with them."""
    found: dict[str, set[int]] = {}
    for path in sorted((PROJECT_ROOT / "tests").rglob("test_*.py")):
        text = path.read_text()
        if "mark.control(" in text:
            for node in ast.parse(text).body:
                if isinstance(node, ast.FunctionDef) and (numbers := set(_numbers(node))):
                    found[f"{path.relative_to(PROJECT_ROOT).as_posix()}::{node.name}"] = numbers
    return found


def _numbers(function: ast.FunctionDef) -> Iterator[int]:
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.control":
            yield ast.literal_eval(mark.args[0])


def test_the_page_tells_of_every_control_once() -> None:
    numbers = [number for number, *_ in rows()]
    assert numbers == sorted(CONTROLS)
    assert {state for _, state, *_ in rows()} <= STATES


def test_every_control_that_is_kept_has_a_marked_test_and_the_page_names_it() -> None:
    tests = marked()
    for number, state, _, named in rows():
        proofs = {test for test, numbers in tests.items() if number in numbers}
        assert named <= proofs, (number, named - proofs)
        assert named or state == "not yet", number


def test_no_mark_is_missing_on_the_page() -> None:
    named = {number: tests for number, _, _, tests in rows()}
    lacking = {
        test: number for test, numbers in marked().items() for number in numbers if test not in named[number]
    }
    assert lacking == {}


def test_where_a_control_is_kept_is_a_file_that_is_there() -> None:
    for number, _, where, _ in rows():
        for path in re.findall(r"`([\w./-]+)`", where):
            assert Path(PROJECT_ROOT / path).exists(), (number, path)
