"""Lines that come in parts are the upload that they would be in one piece."""

from __future__ import annotations

from pathlib import Path

from recolake.landing.records import land_parts, land_records
from recolake.landing.upload import FILES, Source, upload_folder
from recolake.records.kinds import Kind
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")


def test_parts_are_one_file_in_their_order(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    (tmp_path / "b").write_bytes(b"{1}\n{2}\n")
    (tmp_path / "a").write_bytes(b"{3}\n")
    upload = land_parts(settings, SHOP, {Kind.EVENT: [tmp_path / "b", tmp_path / "a"]})
    assert upload.source is Source.KAFKA
    assert (upload_folder(settings, upload) / FILES / "events.jsonl").read_bytes() == b"{1}\n{2}\n{3}\n"
    again = land_parts(settings, SHOP, {Kind.EVENT: [tmp_path / "b", tmp_path / "a"]})
    whole = land_records(settings, SHOP, {Kind.EVENT: [b"{1}", b"{2}", b"{3}"]})
    assert upload.upload_id == again.upload_id == whole.upload_id
    assert land_parts(settings, SHOP, {Kind.EVENT: [tmp_path / "a"]}).upload_id != upload.upload_id
