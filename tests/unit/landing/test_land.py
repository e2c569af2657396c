"""The landing zone: content decides what is new, a wrong file lands nothing, a manifest makes it real."""

from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recolake.errors import MappingError, UploadError
from recolake.landing.store import OtherMappingError, land
from recolake.landing.upload import damaged_uploads, list_uploads, tenant_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")
HEADER = "person,thing,moment,price\n"
MAPPING = """version: 1
format: csv
columns: [person, thing, moment, price]
personal: [person]
event:
  user: person
  item: thing
  type: "'purchase'"
  time: moment
  price: price
"""


@pytest.fixture
def zone(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.yaml"
    path.write_text(MAPPING)
    return path


def raw(folder: Path, name: str, rows: int, *, first: int = 0) -> Path:
    path = folder / name
    lines = "".join(f"u{i},i{i},2024-01-01 10:00:00,{i + 1}\n" for i in range(first, first + rows))
    path.write_text(HEADER + lines)
    return path


def test_files_land_byte_for_byte_with_their_hashes(zone: Settings, mapping: Path, tmp_path: Path) -> None:
    packed = tmp_path / "b.csv.gz"
    packed.write_bytes(gzip.compress((HEADER + "u,i,2024-01-01,1\n").encode()))
    landed = land(zone, SHOP, [raw(tmp_path, "a.csv", 3), packed], mapping).upload
    assert landed is not None
    folder = tenant_folder(zone, SHOP) / landed.upload_id / "files"
    assert (folder / "b.csv.gz").read_bytes() == packed.read_bytes()
    assert [file.columns for file in landed.files] == [("person", "thing", "moment", "price")] * 2
    assert list_uploads(zone, SHOP) == [landed]


def test_content_seen_before_is_known_under_any_name(zone: Settings, mapping: Path, tmp_path: Path) -> None:
    first = land(zone, SHOP, [raw(tmp_path, "a.csv", 3)], mapping).upload
    assert first is not None
    again = land(zone, SHOP, [raw(tmp_path, "renamed.csv", 3)], mapping)
    assert again.upload is None
    assert [(known.upload_id, known.landed_as) for known in again.known] == [(first.upload_id, "a.csv")]
    mixed = land(zone, SHOP, [raw(tmp_path, "a.csv", 3), raw(tmp_path, "c.csv", 2, first=9)], mapping)
    assert mixed.upload is not None
    assert [file.name for file in mixed.upload.files] == ["c.csv"]


def test_content_under_another_mapping_is_refused_unless_it_is_asked_for(
    zone: Settings, mapping: Path, tmp_path: Path
) -> None:
    old, new = raw(tmp_path, "a.csv", 3), raw(tmp_path, "b.csv", 2, first=9)
    first = land(zone, SHOP, [old], mapping).upload
    assert first is not None
    changed = tmp_path / "changed.yaml"
    changed.write_text(MAPPING.replace("price: price", "value: price"))
    with pytest.raises(OtherMappingError, match=f"a.csv.*another mapping.*{first.upload_id}") as caught:
        land(zone, SHOP, [new, old], changed)
    assert caught.value.status == 409
    assert list_uploads(zone, SHOP) == [first]

    second = land(zone, SHOP, [new, old], changed, again=True).upload
    assert second is not None
    assert [file.name for file in second.files] == ["b.csv", "a.csv"]
    for either in (mapping, changed):
        assert land(zone, SHOP, [old], either).upload is None


def test_another_tenants_upload_is_not_known(zone: Settings, mapping: Path, tmp_path: Path) -> None:
    file = raw(tmp_path, "a.csv", 3)
    mine, yours = (land(zone, tenant, [file], mapping).upload for tenant in (SHOP, Tenant("other")))
    assert mine is not None
    assert yours is not None
    assert mine.upload_id != yours.upload_id


def test_a_folder_stands_for_its_files(zone: Settings, mapping: Path, tmp_path: Path) -> None:
    folder = tmp_path / "days"
    folder.mkdir()
    raw(folder, "2.csv", 1)
    raw(folder, "1.csv", 2, first=5)
    landed = land(zone, SHOP, [folder], mapping).upload
    assert landed is not None
    assert [file.name for file in landed.files] == ["1.csv", "2.csv"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("image.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 40),
        ("latin.csv", HEADER.encode() + b"u,caf\xe9 au lait,2024-01-01,1\n" * 50),
        ("header.csv", b"name,thing\nx,y\n"),
    ],
)
def test_one_wrong_file_lands_nothing(
    zone: Settings, mapping: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    wrong = tmp_path / name
    wrong.write_bytes(content)
    good = raw(tmp_path, "good.csv", 2)
    if name == "latin.csv":
        # A byte that is not of the encoding spoils its row, not the file: that is for quarantine.
        assert land(zone, SHOP, [good, wrong], mapping).upload is not None
        return
    with pytest.raises((UploadError, MappingError), match=name):
        land(zone, SHOP, [good, wrong], mapping)
    assert list_uploads(zone, SHOP) == []


def test_a_missing_file_and_an_empty_folder_are_named(zone: Settings, mapping: Path, tmp_path: Path) -> None:
    with pytest.raises(UploadError, match=r"nowhere\.csv"):
        land(zone, SHOP, [tmp_path / "nowhere.csv"], mapping)
    hollow = tmp_path / "hollow"
    hollow.mkdir()
    with pytest.raises(UploadError, match="hollow"):
        land(zone, SHOP, [hollow], mapping)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff"])
def test_a_damaged_manifest_hides_its_own_upload_only(
    zone: Settings, mapping: Path, tmp_path: Path, content: bytes
) -> None:
    damaged = land(zone, SHOP, [raw(tmp_path, "a.csv", 1)], mapping).upload
    whole = land(zone, SHOP, [raw(tmp_path, "b.csv", 2, first=9)], mapping).upload
    assert damaged is not None
    assert damaged_uploads(zone, SHOP) == []
    (tenant_folder(zone, SHOP) / damaged.upload_id / "manifest.json").write_bytes(content)
    assert list_uploads(zone, SHOP) == [whole]
    assert damaged_uploads(zone, SHOP) == [damaged.upload_id]


def test_what_a_killed_upload_left_does_not_exist(zone: Settings, mapping: Path, tmp_path: Path) -> None:
    left = tenant_folder(zone, SHOP) / ".landing-left" / "files"
    left.mkdir(parents=True)
    (left / "a.csv").write_text("half")
    assert list_uploads(zone, SHOP) == []
    landed = land(zone, SHOP, [raw(tmp_path, "a.csv", 1)], mapping).upload
    assert list_uploads(zone, SHOP) == [landed]
    assert not left.exists()


def test_ten_uploads_at_once_land_each_content_once(zone: Settings, mapping: Path, tmp_path: Path) -> None:
    files = [raw(tmp_path, f"{n}.csv", 2 + n % 3) for n in range(10)]
    with ThreadPoolExecutor(10) as pool:
        landed = list(pool.map(lambda file: land(zone, SHOP, [file], mapping), files))
    new = [found.upload for found in landed if found.upload is not None]
    assert len(new) == len(list_uploads(zone, SHOP)) == 3
    known = {(k.upload_id, k.landed_as) for found in landed for k in found.known}
    assert known <= {(upload.upload_id, upload.files[0].name) for upload in new}
    assert sum(len(found.known) for found in landed) == 7


def test_an_upload_of_repaired_rows_says_whose_they_were(
    zone: Settings, mapping: Path, tmp_path: Path
) -> None:
    first = land(zone, SHOP, [raw(tmp_path, "a.csv", 3)], mapping).upload
    assert first is not None
    assert first.repairs is None
    land(zone, SHOP, [raw(tmp_path, "b.csv", 2)], mapping, repairs=first.upload_id)
    assert [upload.repairs for upload in list_uploads(zone, SHOP)] == [None, first.upload_id]
