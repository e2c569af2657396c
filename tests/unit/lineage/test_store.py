"""No event is lost or mixed with another, by however many processes they are written."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recolake.lineage.store import append_events, event_files, event_folder, read_events
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")
AT = datetime(2026, 5, 1, 12, tzinfo=UTC)

# Longer than what a pipe or a page takes in one piece.
WRITER = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from recolake.lineage.store import append_events
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
home, name = sys.argv[1:]
for number in range(40):
    line = '{"writer": "%s", "number": %d, "filler": "%s"}' % (name, number, name * 20_000)
    append_events(Settings(home=Path(home)), Tenant("shop"), datetime(2026, 5, 1, tzinfo=UTC), [line])
"""


def test_two_processes_write_into_one_file_and_every_line_is_whole(own: Settings, tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name]) for name in ("a", "b")]
    assert [writer.wait() for writer in writers] == [0, 0]
    events = list(read_events(own, SHOP))
    assert len(event_files(own, SHOP)) == 1
    for name in ("a", "b"):
        mine = [event for event in events if event["writer"] == name]
        assert [event["number"] for event in mine] == list(range(40))
        assert all(event["filler"] == name * 20_000 for event in mine)


@pytest.mark.parametrize("torn", [b'{"a', b'{"a": 1', b"\xff\xfe", b"7"])
def test_a_line_that_was_cut_short_costs_itself_alone(own: Settings, torn: bytes) -> None:
    append_events(own, SHOP, AT, ['{"number": 1}'])
    (path,) = event_files(own, SHOP)
    with path.open("ab") as stream:
        stream.write(torn)
    assert [event["number"] for event in read_events(own, SHOP)] == [1]
    append_events(own, SHOP, AT, ['{"number": 2}', '{"number": 3}'])
    assert [event["number"] for event in read_events(own, SHOP)] == [1, 2, 3]


def test_each_tenant_has_a_folder_of_its_own(own: Settings) -> None:
    append_events(own, SHOP, AT, ['{"number": 1}'])
    assert list(read_events(own, Tenant("rival"))) == []
    assert event_folder(own, SHOP).is_relative_to(own.lake_root)
