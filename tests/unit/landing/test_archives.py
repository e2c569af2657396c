"""Archives and folders: each file in them is a file of the upload; what is not whole brings nothing."""

from __future__ import annotations

import gzip
import io
import itertools
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
import zstandard

from recolake.errors import UploadError
from recolake.landing import archive
from recolake.landing.gather import gather
from recolake.landing.refusals import UploadTooLargeError
from recolake.landing.store import land
from recolake.landing.upload import list_uploads, tenant_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")
MAPPING = """version: 1
columns: [person, thing, moment]
event: {user: person, item: thing, type: "'view'", time: moment}
"""


@pytest.fixture
def zone(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.yaml"
    path.write_text(MAPPING)
    return path


def rows(count: int, first: int = 0) -> bytes:
    lines = [f"u{i},i{i},2024-01-01\n" for i in range(first, first + count)]
    return ("person,thing,moment\n" + "".join(lines)).encode()


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(name, content)
    return path


def test_each_member_is_a_file_of_its_own(zone: Settings, mapping: Path, tmp_path: Path) -> None:
    members = {"b.csv": rows(2), "days/a.csv": rows(3, 5), "__MACOSX/b.csv": b"x", "days/.hidden": b"x"}
    given = zipped(tmp_path / "week.zip", members)
    landed = land(zone, SHOP, [given], mapping).upload
    assert landed is not None
    assert [file.name for file in landed.files] == ["week.zip/b.csv", "week.zip/days/a.csv"]
    folder = tenant_folder(zone, SHOP) / landed.upload_id / "files"
    assert (folder / "week.zip" / "days" / "a.csv").read_bytes() == rows(3, 5)
    assert list(zone.temporary_root.iterdir()) == []


def test_a_member_is_known_by_its_content_however_it_comes(
    zone: Settings, mapping: Path, tmp_path: Path
) -> None:
    plain = tmp_path / "plain.csv"
    plain.write_bytes(rows(2))
    land(zone, SHOP, [plain], mapping)
    again = land(zone, SHOP, [zipped(tmp_path / "a.zip", {"m.csv": rows(2)})], mapping)
    assert again.upload is None
    assert [(known.name, known.landed_as) for known in again.known] == [("a.zip/m.csv", "plain.csv")]


def test_an_archive_cut_anywhere_brings_nothing(zone: Settings, mapping: Path, tmp_path: Path) -> None:
    whole = zipped(tmp_path / "whole.zip", {"a.csv": rows(40), "b.csv": rows(40, 50)}).read_bytes()
    cut = tmp_path / "cut.zip"
    for length in range(4, len(whole), 29):
        cut.write_bytes(whole[:length])
        with pytest.raises(UploadError, match=r"cut\.zip"):
            land(zone, SHOP, [cut], mapping)
    assert list_uploads(zone, SHOP) == []


def test_a_damaged_member_brings_nothing(zone: Settings, mapping: Path, tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.csv": rows(40)})
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(UploadError, match=r"a\.zip.*broken zip archive"):
        land(zone, SHOP, [path], mapping)


@pytest.mark.control(14)
def test_a_bomb_is_stopped_while_it_unpacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "FREE_BYTES", 1 << 20)
    bomb = zipped(tmp_path / "bomb.zip", {"a.csv": b"0" * (40 << 20)})
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(UploadTooLargeError, match=r"bomb\.zip.*200 times its size") as raised:
        gather([bomb], scratch)
    assert raised.value.status == 413
    assert sum(file.stat().st_size for file in scratch.rglob("*") if file.is_file()) < 20 << 20


@pytest.mark.control(14)
@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_packed_file_that_unpacks_to_too_much_is_refused_in_little_memory(
    zone: Settings, mapping: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Any
) -> None:
    monkeypatch.setattr(archive, "FREE_BYTES", 1 << 20)
    bomb = tmp_path / "bomb.csv.gz"
    bomb.write_bytes(pack(rows(2) + b"0" * (40 << 20)))
    tracemalloc.start()
    try:
        with pytest.raises(UploadTooLargeError, match=r"bomb\.csv\.gz.*200 times its size"):
            land(zone, SHOP, [bomb], mapping)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 << 20
    assert list_uploads(zone, SHOP) == []


@pytest.mark.control(14)
def test_a_packed_file_may_have_as_much_as_an_archive_of_its_size(
    zone: Settings, mapping: Path, tmp_path: Path
) -> None:
    packed = tmp_path / "day.csv.gz"
    packed.write_bytes(gzip.compress(rows(10_000)))
    landed = land(zone, SHOP, [packed], mapping).upload
    assert landed is not None


@pytest.mark.control(14)
def test_a_hundred_thousand_columns_are_refused_without_comparing_each_with_each(
    zone: Settings, mapping: Path, tmp_path: Path
) -> None:
    wide = tmp_path / "wide.csv"
    letters = (chr(code) for code in range(0x4E00, 0x9FA6))
    names = [first + last for first, last in itertools.product(itertools.islice(letters, 320), repeat=2)]
    for header in (names[:40_000], [f"c{number}" for number in range(100_000)]):
        wide.write_text(",".join(header) + "\n")
        with pytest.raises(UploadError, match=r"wide\.csv") as raised:
            land(zone, SHOP, [wide], mapping)
        assert raised.value.status == 413
    assert list_uploads(zone, SHOP) == []


@pytest.mark.parametrize("name", ["../a.csv", "/a.csv", "x/../a.csv", "a\\b.csv", "bell\x07.csv"])
def test_a_member_cannot_leave_its_archive(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "a.zip", {name: rows(1)})
    with pytest.raises(UploadError, match=r"a\.zip.*member"):
        gather([path], tmp_path)


def test_archives_in_archives_and_documents_are_refused(
    zone: Settings, mapping: Path, tmp_path: Path
) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as out:
        out.writestr("a.csv", rows(1))
    for members, words in (
        ({"in.zip": inner.getvalue()}, r"in\.zip.*within an archive"),
        ({"[Content_Types].xml": b"", "xl/workbook.xml": b""}, "workbook"),
        ({".hidden": b"x"}, "holds no files"),
    ):
        with pytest.raises(UploadError, match=words):
            land(zone, SHOP, [zipped(tmp_path / "a.zip", members)], mapping)


def test_a_folder_stands_for_all_that_lies_under_it(zone: Settings, mapping: Path, tmp_path: Path) -> None:
    folder = tmp_path / "days"
    for number, name in enumerate(["b/1.csv", "a/1.csv", "a/deep/2.csv", ".git/3.csv", "a/.4.csv"]):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(rows(1, number))
    landed = land(zone, SHOP, [folder], mapping).upload
    assert landed is not None
    assert [file.name for file in landed.files] == ["a/1.csv", "a/deep/2.csv", "b/1.csv"]


def test_a_file_and_a_folder_of_one_name_lie_beside_each_other(
    zone: Settings, mapping: Path, tmp_path: Path
) -> None:
    (tmp_path / "one" / "x").mkdir(parents=True)
    (tmp_path / "two").mkdir()
    (tmp_path / "one" / "x" / "a.csv").write_bytes(rows(1))
    (tmp_path / "two" / "x").write_bytes(rows(2))
    for order in (["one", "two"], ["two", "one"]):
        shop = Tenant(f"shop-{order[0]}")
        landed = land(zone, shop, [tmp_path / name for name in order], mapping).upload
        assert landed is not None
        folder = tenant_folder(zone, shop) / landed.upload_id / "files"
        assert all((folder / file.name).is_file() for file in landed.files)
