"""A table becomes features by what its columns hold, in MovieLens' own formats, too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recolake.ranking.describe import ColumnKind, columns_from_json, columns_to_json, encode
from training.files.encoding import parts
from training.files.events import EvaluationFileError
from training.files.features import joined, read_features

GENRES = ["Drama", "Comedy|Drama", "Comedy", "Drama", "Comedy|Drama", "Comedy", "Drama", "Comedy"]


def _write(path: Path, content: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(content.encode(encoding))
    return path


def _dense(path: Path, ids: list[str], side: str = "item") -> tuple[tuple[str, ...], np.ndarray]:
    found = read_features(path, side)
    return found.names, found.of(ids).toarray()


def test_several_values_of_one_cell_are_a_feature_each_and_rows_have_length_1(tmp_path: Path) -> None:
    rows = "\n".join(f"{n},{genre}" for n, genre in enumerate(GENRES))
    names, dense = _dense(_write(tmp_path / "f", f"item,genre\n{rows}"), ["1", "0", "nobody"])
    assert names == ("genre=comedy", "genre=drama")
    np.testing.assert_allclose(dense, [[0.5**0.5, 0.5**0.5], [0, 1], [0, 0]], atol=1e-6)


def test_movielens_files_are_read_as_they_are(tmp_path: Path) -> None:
    rows = [f"{n}|Café {n}|01-Jan-19{n:02}||http://x/{n}|{n % 2}|{n // 20}" for n in range(40)]
    small = read_features(_write(tmp_path / "u.item", "\n".join(rows), "latin-1"), "item")
    flags = [name for name, kind in zip(small.names, small.kinds, strict=True) if kind]
    assert flags == ["field 6", "field 7"]
    assert any(name.startswith("field 3=19") for name in small.names)
    assert not any("http" in name for name in small.names)
    assert small.categories(["21"]).toarray()[0] == pytest.approx([0.5**0.5, 0.5**0.5])
    rows = [f"{n}::Film {n} (19{n + 10})::{GENRES[n % 8]}" for n in range(40)]
    large = read_features(_write(tmp_path / "movies.dat", "\n".join(rows)), "item")
    assert {name for name, kind in zip(large.names, large.kinds, strict=True) if kind} == {
        "field 3=comedy",
        "field 3=drama",
    }


def test_a_number_is_as_much_of_each_knot_as_it_is_near(tmp_path: Path) -> None:
    frame = pd.DataFrame({"user_id": range(100), "age": np.linspace(10, 100, 100)})
    frame.to_parquet(tmp_path / "f")
    found = read_features(tmp_path / "f", "user")
    assert len(found.names) == 10
    assert not found.kinds.any()
    dense = found.of([str(n) for n in range(100)]).toarray()
    np.testing.assert_allclose((dense**2).sum(axis=1), 1, rtol=1e-5)
    # Neighbours are alike, those far apart have nothing in common.
    assert (dense[50] @ dense[51]) > 0.9
    assert dense[0] @ dense[90] == 0


def test_empty_cells_say_nothing_and_neither_do_values_that_nobody_shares(tmp_path: Path) -> None:
    rows = "\n".join(f"i{n},{'red' if n % 2 else ''},only {n} {'blue' if n < 4 else ''}" for n in range(200))
    names, dense = _dense(_write(tmp_path / "f", f"item,colour,title\n{rows}"), ["i0", "i5", "i8"])
    assert names == ("colour=red", "title=blue")
    assert dense.tolist() == [[0, 1], [1, 0], [0, 0]]


def test_of_rows_with_the_same_id_the_last_counts(tmp_path: Path) -> None:
    rows = "".join(f"{n},{genre}\n" for n, genre in enumerate(GENRES))
    names, dense = _dense(_write(tmp_path / "f", f"item,genre\n{rows}0,Comedy\n"), ["0"])
    assert dict(zip(names, dense[0].tolist(), strict=True)) == {"genre=comedy": 1, "genre=drama": 0}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("name,genre\na,b\n", "needs one column item; it has name, genre"),
        ("item,code\na,1\nb,2\n", "says nothing that several"),
        ("", "is empty"),
        ("item,genre\n,x\n", "has no item"),
    ],
)
def test_what_cannot_be_used_is_refused_with_one_sentence(content: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(EvaluationFileError, match=said):
        read_features(_write(tmp_path / "f", content), "item")


def test_one_row_that_comes_later_is_encoded_as_the_table_was() -> None:
    count = 120
    frame = pd.DataFrame(
        {
            "genre": [GENRES[n % 8] for n in range(count)],
            "new": [str(n % 2) for n in range(count)],
            "rare": ["true" if n % 5 else "" for n in range(count)],
            "flat": ["1" if n % 3 else "0" for n in range(count)],
            "price": [f"{n * n / 7:.4f}" if n % 11 else None for n in range(count)],
            "since": [f"20{n % 20:02}-0{n % 9 + 1}-1{n % 10}" for n in range(count)],
            "title": [f" Red THING {n % 40} of {GENRES[n % 8]} {n}" for n in range(count)],
        }
    )
    found = joined(np.array([f"{n:03}" for n in range(count)]), parts(frame))
    assert found.columns is not None
    assert {column.kind for column in found.columns} == set(ColumnKind)
    for row, said in enumerate(frame.to_dict("records")):
        told = {str(name): str(text) for name, text in said.items() if text is not None}
        dense = np.zeros(len(found.names))
        for feature, value in encode(found.columns, told).items():
            dense[feature] = value
        np.testing.assert_allclose(found.matrix[[row]].toarray()[0], dense, atol=1e-6)
    assert columns_from_json(columns_to_json(found.columns)) == found.columns
