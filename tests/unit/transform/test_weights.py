"""Weights are compared by what they are, not by how they are written."""

from __future__ import annotations

from pathlib import Path

from recolake.transform.weights import fingerprint


def written(folder: Path, text: str) -> str:
    file = folder / "weights.csv"
    file.write_text(text)
    return fingerprint(file)


def test_order_and_way_of_writing_do_not_matter(tmp_path: Path) -> None:
    first = written(tmp_path, "event_type,weight\npurchase,1.0\nview,0.2\n")
    assert written(tmp_path, "event_type,weight\nview,0.20\npurchase,1\n") == first


def test_another_weight_and_another_type_do(tmp_path: Path) -> None:
    texts = ["view,0.2", "view,0.3", "click,0.2", "view,0.2\nclick,0.2"]
    assert len({written(tmp_path, f"event_type,weight\n{text}\n") for text in texts}) == len(texts)
