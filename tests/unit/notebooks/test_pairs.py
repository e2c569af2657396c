"""Every notebook has a text twin that says the same, and carries no outputs."""

from __future__ import annotations

from pathlib import Path

import jupytext
import nbformat
import pytest

from recolake.settings import PROJECT_ROOT

NOTEBOOKS = sorted((PROJECT_ROOT / "notebooks").glob("*/*.ipynb"))
TEXTS = sorted((PROJECT_ROOT / "notebooks").glob("*/*.py"))


def test_there_is_a_notebook_for_analysts_and_one_for_data_scientists() -> None:
    assert {path.parent.name for path in NOTEBOOKS} >= {"analyst", "research"}
    assert [p.with_suffix("") for p in NOTEBOOKS] == [p.with_suffix("") for p in TEXTS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_pair_is_in_step(path: Path) -> None:
    notebook = jupytext.read(path)
    text = jupytext.read(path.with_suffix(".py"))
    said = [[(c.cell_type, c.source, c.metadata.get("tags")) for c in n.cells] for n in (notebook, text)]
    assert said[0] == said[1], f"run: jupytext --sync {path.relative_to(PROJECT_ROOT)}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_no_outputs_are_committed(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert not [c for c in cells if c.cell_type == "code" and (c.outputs or c.execution_count)]
