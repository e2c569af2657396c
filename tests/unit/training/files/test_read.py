"""Every format gives the same interactions, whatever the file is called, and says what is wrong with it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from training.files.events import EvaluationFileError, Events
from training.files.read import read_events, read_negatives

USER, ITEM = [3, 3, 7], [10, 2, 10]


def _pairs(events: Events) -> list[tuple[object, object]]:
    return list(zip(events.user.tolist(), events.item.tolist(), strict=True))


def _matrix(path: Path) -> None:
    with path.open("wb") as out:
        sp.save_npz(out, sp.csr_matrix((np.ones(3), (USER, ITEM)), shape=(9, 12)))


def _arrays(path: Path) -> None:
    with path.open("wb") as out:
        np.savez(out, user=np.array(USER, np.int16), item=np.array(ITEM, np.int16), rating=[1, 5, 3])


def _parquet(path: Path) -> None:
    pd.DataFrame({"user": USER, "item": ITEM}).to_parquet(path)


def _text(content: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(content, encoding="utf-8") and None


def _gzip(content: str) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(gzip.compress(content.encode())) and None


FORMATS: dict[str, Callable[[Path], None]] = {
    "scipy matrix": _matrix,
    "arrays": _arrays,
    "rating rows": _text("3\t10\t5\t978824351\n3\t2\t3\t978824352\n7\t10\t1\t978300174\n"),
    "sequences": _text("3 10 2\n7 10\n"),
    "pairs in order": _text("3 10\n3 2\n7 10\n"),
    "gzip pairs": _gzip("3 10\n3 2\n7 10\n"),
    "CSV": _text("user,item\n3,10\n3,2\n7,10\n"),
    "CSV with other names": _text("user_id;price;Item_ID\n3;1;10\n3;1;2\n7;9;10\n"),
    "gzip CSV": _gzip("user,item\n3,10\n3,2\n7,10\n"),
    "Parquet": _parquet,
}


@pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS.keys())
def test_each_format_is_recognised_by_its_content(write: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "data"
    write(path)
    events = read_events(path)
    assert sorted(_pairs(events)) == sorted(zip(USER, ITEM, strict=True))
    assert events.user.dtype == events.item.dtype == np.int64


def test_ids_that_are_no_plain_numbers_stay_the_texts_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('user,item\nJörg Müller,007\nNA,"a, b"\n 1,2\n', encoding="utf-8")
    events = read_events(path)
    assert events.user.tolist() == ["Jörg Müller", "NA", " 1"]
    assert events.item.tolist() == ["007", "a, b", "2"]


@pytest.mark.parametrize(
    "cells", [["1970-01-02", "1970-01-01T00:00:01"], ["86400", "1"]], ids=["ISO 8601", "seconds"]
)
def test_times_are_seconds_since_1970(cells: list[str], tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"user,item,timestamp\n1,1,{cells[0]}\n1,2,{cells[1]}\n")
    time = read_events(path).time
    assert time is not None
    assert time.tolist() == [86_400, 1]


def test_times_of_a_parquet_file_and_milliseconds_are_understood(tmp_path: Path) -> None:
    moments = pd.to_datetime(["2024-01-01", "2024-01-02"])
    pd.DataFrame({"user": ["a", "b"], "item": [1, 2], "timestamp": moments}).to_parquet(tmp_path / "a")
    (tmp_path / "b").write_text("user,item,timestamp\na,1,1704067200000\nb,2,1704153600000\n")
    first, second = (read_events(tmp_path / name).time for name in "ab")
    assert first is not None
    assert second is not None
    assert first.tolist() == second.tolist() == [1_704_067_200, 1_704_153_600]


def test_an_entry_of_zero_is_no_interaction(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as out:
        sp.save_npz(out, sp.csr_matrix((np.array([1.0, 0.0]), ([0, 1], [1, 0])), shape=(2, 2)))
    assert _pairs(read_events(tmp_path / "a")) == [(0, 1)]


def test_published_negatives_keep_their_user_and_positive(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("(0,25)\t1064\t174\n(4,7)\t9\n")
    found = read_negatives(tmp_path / "a")
    assert (found.user.tolist(), found.positive.tolist()) == ([0, 4], [25, 7])
    assert (found.owner.tolist(), found.item.tolist()) == ([0, 0, 1], [1064, 174, 9])


WRONG = {
    "empty": (b"  \n", "is empty"),
    "binary": (b"\xff\xfe\x00\x01", "neither"),
    "torn gzip": (gzip.compress(b"1 2\n" * 99)[:-9], "cannot be read"),
    "torn zip": (b"PK\x03\x04rubbish", "not an .npz"),
    "torn parquet": (b"PAR1rubbish", "not a Parquet file"),
    "header without rows": (b"user,item\n", "no interactions"),
    "no item column": (b"user,price\n1,2\n", "no column item; it has user, price"),
    "no header": (b"1,2\n3,4\n", "no column user"),
    "two user columns": (b"user,user_id,item\n1,1,2\n", "two columns"),
    "value is NaN": (b"user,item,value\n1,2,3\n1,3,nan\n", "Row 2"),
    "value is a word": (b"user,item,rating\n1,2,good\n", "Row 1"),
    "no user": (b"user,item\n1,2\n,3\n", "Row 2 of data has no user"),
    "time is a word": (b"user,item,timestamp\n1,2,yesterday\n", "Row 1"),
    "a user alone": (b"1 2\n3\n", "Line 2 of data names a user but no item"),
    "negatives": (b"(1,2)\t3\n", "list of negatives"),
    "rating is NaN": (b"1\t2\tnan\n", "NaN"),
}


@pytest.mark.parametrize(("content", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_file_is_refused_with_one_sentence(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(content)
    with pytest.raises(EvaluationFileError) as raised:
        read_events(tmp_path / "data")
    assert said in raised.value.message
    assert "\n" not in raised.value.message


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationFileError, match="There is no file"):
        read_events(tmp_path / "nothing")
    with pytest.raises(EvaluationFileError, match="cannot be read"):
        read_events(tmp_path)


@pytest.mark.parametrize(
    "arrays",
    [
        {"user": [1, 2], "item": [1]},
        {"user": [1.5], "item": [1]},
        {"row": [1]},
        {"user": [1], "item": [1], "rating": [np.nan]},
    ],
    ids=["unequal lengths", "fractions", "other arrays", "NaN"],
)
def test_wrong_arrays_are_refused(arrays: dict[str, list[float]], tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **{name: np.array(values) for name, values in arrays.items()})
    with pytest.raises(EvaluationFileError):
        read_events(tmp_path / "a.npz")


@pytest.mark.parametrize("content", ["0,25\t1\n", "(0,25)\n", "(0 25)\t1\n"])
def test_wrong_negatives_are_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_text(content)
    with pytest.raises(EvaluationFileError):
        read_negatives(tmp_path / "a")
