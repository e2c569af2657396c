"""Whatever stands in the way of reading a file is said in a sentence, and nothing is landed."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recolake.contracts.mapping import load_mapping
from recolake.errors import MappingError, UploadError
from recolake.landing.gather import gather
from recolake.landing.header import read_header
from recolake.landing.store import land
from recolake.landing.upload import list_uploads
from recolake.settings import PROJECT_ROOT, Settings
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")
RETAIL = PROJECT_ROOT / "mappings" / "online_retail.yaml"
HEADER = b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
NOBODY = 65534


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody but root may read the path, and this process is not root."""
    path.chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        path.chmod(0o700)


@pytest.fixture
def zone(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def test_a_locked_folder_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "locked-folder"
    folder.mkdir()
    (folder / "a.csv").write_bytes(HEADER)
    for path in (folder, folder / "a.csv"):
        with locked(folder), pytest.raises(UploadError, match=r"locked-folder.*cannot be read: Permission"):
            gather([path], tmp_path)


def test_a_locked_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "locked.csv"
    file.write_bytes(HEADER)
    form = load_mapping(RETAIL).format
    with locked(file), pytest.raises(UploadError, match=r"locked\.csv.*cannot be read: Permission"):
        read_header(file, form)


def test_a_locked_mapping_is_named(tmp_path: Path) -> None:
    mapping = tmp_path / "mine.yaml"
    mapping.write_bytes(RETAIL.read_bytes())
    with locked(mapping), pytest.raises(MappingError, match=r"mine\.yaml cannot be read: Permission"):
        load_mapping(mapping)


@pytest.mark.parametrize("name", [b"caf\xe9.csv", b"two\nlines.csv", b"bell\x07.csv", b"n" * 250])
def test_a_name_that_cannot_be_stored_is_refused(zone: Settings, tmp_path: Path, name: bytes) -> None:
    file = tmp_path / os.fsdecode(name)
    file.write_bytes(HEADER)
    with pytest.raises(UploadError, match="has a name") as caught:
        land(zone, SHOP, [file], RETAIL)
    assert caught.value.message.isprintable()
    assert list_uploads(zone, SHOP) == []


def test_a_name_longer_than_the_system_allows_is_refused(zone: Settings, tmp_path: Path) -> None:
    with pytest.raises(UploadError, match="cannot be read: File name too long"):
        land(zone, SHOP, [tmp_path / ("n" * 300)], RETAIL)
    with pytest.raises(MappingError, match="cannot be read: File name too long"):
        land(zone, SHOP, [tmp_path], tmp_path / ("n" * 300))


def test_missing_paths_with_odd_bytes_are_shown(zone: Settings, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9")
    for wrong, mapping in ((odd, RETAIL), (tmp_path, odd)):
        with pytest.raises((UploadError, MappingError), match="caf\ufffd"):
            land(zone, SHOP, [wrong], mapping)


def workbook(path: Path) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return path.read_bytes()


def test_a_file_of_another_format_is_called_what_it_is(zone: Settings, tmp_path: Path) -> None:
    good = workbook(tmp_path / "good.xlsx")
    beginnings = {
        "workbook": [
            good,
            good[:40],
            good[:4] + b",,\n" * 20,
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99,
        ],
        "Parquet": [b"PAR1\x15\x04\x15\x10"],
        "bzip2": [b"BZh91AY&SY\x01\x02"],
        "xz": [b"\xfd7zXZ\0\0"],
    }
    for name, contents in beginnings.items():
        for content in contents:
            file = tmp_path / "data.csv"
            file.write_bytes(content)
            with pytest.raises(UploadError, match=f"it is .*{name}"):
                land(zone, SHOP, [file], RETAIL)


def test_a_column_may_be_named_like_the_beginning_of_a_format(tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    for header in (["PAR1", "BZh9"], ["PAR1"], ["BZh91"]):
        file.write_text(f"{','.join(header)}\n1,2\n")
        assert read_header(file, load_mapping(RETAIL).format) == tuple(header)


@pytest.mark.parametrize(
    ("header", "fault"),
    [("a,,b", "has no name"), ("a,b,a", "'a' is there twice"), ("a,\x07,b", "has control characters")],
)
def test_a_first_line_that_is_no_header_is_refused_with_its_fault(
    tmp_path: Path, header: str, fault: str
) -> None:
    file = tmp_path / "data.csv"
    file.write_text(f"{header}\n1,2,3\n")
    with pytest.raises(UploadError, match=f"not a header .*{fault}"):
        read_header(file, load_mapping(RETAIL).format)
