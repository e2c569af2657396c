"""A search finds people wherever files hide them, and nobody where nobody is."""

from __future__ import annotations

import gzip
import secrets
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from recolake.privacy.files import mask
from recolake.privacy.scan import Needles, holds, scan

PERSON, OTHER = secrets.token_hex(16), secrets.token_hex(16)
RAW = "customer-8812345"
NEEDLES = Needles([PERSON, RAW])


def _parquet(path: Path, person: str) -> None:
    rows = [{"at": {"who": [person]}}] * 3
    pq.write_table(pa.table({"a": pa.array(rows), "n": [1, 2, 3]}), path, write_statistics=False)


def _dictionary(path: Path, person: str) -> None:
    pq.write_table(
        pa.table({"a": pa.array([OTHER, person] * 9).dictionary_encode()}), path, compression="zstd"
    )


def _archive(path: Path, person: str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", f"{OTHER}\n{person}\n")


def _arrow(path: Path, person: str) -> None:
    table = pa.table({"a": [OTHER, person]})
    with pa.ipc.new_file(str(path), table.schema) as file:
        file.write_table(table)


def _database(path: Path, person: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE t (a TEXT)")
        database.execute("INSERT INTO t VALUES (?)", (person,))
        database.commit()


WAYS: dict[str, Callable[[Path, str], object]] = {
    "plain": lambda path, person: path.write_text(f"x,{person},y"),
    "within a longer run of digits": lambda path, person: path.write_text(f"ab{person}cd"),
    "utf-16": lambda path, person: path.write_bytes(f"x,{person}".encode("utf-16")),
    "gzip": lambda path, person: path.write_bytes(gzip.compress(f"x,{person},y".encode())),
    "zstandard": lambda path, person: path.write_bytes(zstandard.compress(f"x,{person},y".encode())),
    "across chunks": lambda path, person: path.write_bytes(b"x" * ((1 << 20) - 9) + person.encode()),
    "numpy": lambda path, person: np.save(path.open("wb"), np.array([OTHER, person])),
    "numpy archive": lambda path, person: np.savez(path.open("wb"), ids=np.array([OTHER, person])),
    "numpy archive, packed": lambda path, person: np.savez_compressed(path.open("wb"), a=np.array([person])),
    "zip": _archive,
    "parquet, nested": _parquet,
    "parquet, dictionary": _dictionary,
    "arrow": _arrow,
    "sqlite": _database,
}


@pytest.mark.control(21)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("person", [PERSON, RAW], ids=["pseudonym", "raw"])
def test_people_are_found_in_every_form(tmp_path: Path, way: str, person: str) -> None:
    path = tmp_path / "file"
    WAYS[way](path, person)
    assert holds(path, NEEDLES)


@pytest.mark.parametrize("way", WAYS)
def test_others_are_not_taken_for_them(tmp_path: Path, way: str) -> None:
    path = tmp_path / "file"
    WAYS[way](path, OTHER)
    assert not holds(path, NEEDLES)


def test_a_search_covers_folders_once_and_leaves_out_what_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "hit").write_text(PERSON)
    (tmp_path / "a" / "left").mkdir()
    (tmp_path / "a" / "left" / "out").write_text(PERSON)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    found = scan([tmp_path, tmp_path / "a"], NEEDLES, [tmp_path / "a" / "left"])
    assert found.hits == [tmp_path / "a" / "b" / "hit"]
    assert found.files == 1
    assert found.unreadable == []


@pytest.mark.parametrize("way", ["gzip", "zstandard", "zip", "parquet, nested"])
def test_what_cannot_be_unpacked_to_its_end_is_not_called_clean(tmp_path: Path, way: str) -> None:
    path = tmp_path / "file"
    WAYS[way](path, OTHER)
    path.write_bytes(path.read_bytes()[:-6])
    found = scan([tmp_path], NEEDLES)
    assert (found.hits, found.unreadable, found.files) == ([], [path], 0)


@pytest.mark.parametrize("way", ["plain", "gzip", "zstandard"])
def test_what_is_masked_is_found_no_more_and_its_neighbours_stay(tmp_path: Path, way: str) -> None:
    path = tmp_path / "file"
    WAYS[way](path, PERSON)
    assert mask(path, NEEDLES)
    assert not holds(path, NEEDLES)
    assert not mask(path, NEEDLES)
    assert holds(path, Needles(["x,********"]))


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_places_are_where_the_bytes_are(before: bytes, after: bytes) -> None:
    data = before + PERSON.encode() + after
    assert (len(before), len(before) + 32) in set(NEEDLES.places(data))
    assert all(data[start:end].decode() in (PERSON, RAW) for start, end in NEEDLES.places(data))
