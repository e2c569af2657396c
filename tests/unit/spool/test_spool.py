"""Every acknowledged record before a damage survives it, and no damage invents one."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from recolake.journal.segments import sealed_segments
from recolake.landing.upload import list_uploads
from recolake.records.kinds import Kind, Record
from recolake.settings import Settings
from recolake.spool.frames import Frame, decode, encode
from recolake.spool.read import read_segment
from recolake.spool.ship import ship_records
from recolake.spool.spool import Spool
from recolake.tenancy.context import Tenant

SHOP, RIVAL = Tenant("shop"), Tenant("rival")
# JSON escapes control characters; all else may be in a record.
texts = st.text(st.characters(exclude_categories=["Cc", "Cs"])).map(str.encode)
records = st.builds(Record, st.sampled_from(Kind), texts)
frames = st.lists(
    st.builds(Frame, st.sampled_from([SHOP, RIVAL]), st.lists(records, min_size=1, max_size=4)), max_size=6
)


@given(frames)
def test_frames_come_back_as_they_were(sent: list[Frame]) -> None:
    for frame in sent:
        line = encode(frame)
        assert line.count(b"\n") == 1
        assert decode(line[:-1]) == frame


def read(folder: Path, content: bytes) -> list[Frame]:
    path = folder / "20260301T000000Z-x.jsonl"
    path.write_bytes(content)
    return read_segment(path)[0]


@given(frames, st.data())
def test_a_cut_anywhere_leaves_all_that_was_whole_before_it(
    tmp_path_factory: object, sent: list[Frame], data: st.DataObject
) -> None:
    lines = [encode(frame) for frame in sent]
    whole = b"".join(lines)
    at = data.draw(st.integers(0, len(whole)))
    ends = [len(b"".join(lines[: n + 1])) for n in range(len(lines))]
    assert read(_folder(tmp_path_factory), whole[:at]) == sent[: sum(end <= at for end in ends)]


@given(frames.filter(bool), st.data())
def test_a_flipped_byte_costs_what_it_hit_and_invents_nothing(
    tmp_path_factory: object, sent: list[Frame], data: st.DataObject
) -> None:
    lines = [encode(frame) for frame in sent]
    whole = bytearray(b"".join(lines))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    ends = [len(b"".join(lines[: n + 1])) for n in range(len(lines))]
    before = sum(end <= at for end in ends)
    found = read(_folder(tmp_path_factory), bytes(whole))
    assert found[:before] == sent[:before]
    # A line feed that was hit joins two frames; those after them are whole again.
    assert found[before:] in (sent[before + 1 :], sent[before + 2 :])


def _folder(factory: object) -> Path:
    found: Path = factory.getbasetemp()  # type: ignore[attr-defined]
    return found


def record(number: int, kind: Kind = Kind.EVENT) -> Record:
    return Record(kind, b'{"event_id":"%d"}' % number)


def landed(settings: Settings, tenant: Tenant) -> dict[str, bytes]:
    """Content of a tenant's landed files, by name, upload after upload."""
    found: dict[str, bytes] = {}
    for upload in list_uploads(settings, tenant):
        for path in sorted((settings.landing_root / tenant.name / upload.upload_id / "files").iterdir()):
            found[path.name] = found.get(path.name, b"") + path.read_bytes()
    return found


def test_records_land_by_tenant_and_kind_and_leave_the_spool(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    spool = Spool(settings.spool_root)
    spool.store(SHOP, [record(1), record(2, Kind.ITEM), record(3)])
    spool.store(RIVAL, [record(4)])
    spool.close()
    report = ship_records(settings)
    assert (report.records, report.tenants) == (4, [RIVAL, SHOP])
    assert landed(settings, RIVAL) == {"events.jsonl": b'{"event_id":"4"}\n'}
    assert landed(settings, SHOP) == {
        "events.jsonl": b'{"event_id":"1"}\n{"event_id":"3"}\n',
        "items.jsonl": b'{"event_id":"2"}\n',
    }
    assert sealed_segments(settings.spool_root) == []
    assert ship_records(settings).segments == 0


def test_segments_that_are_shipped_again_are_the_same_upload(tmp_path: Path) -> None:
    """A run killed after it landed them, when new ones had come meanwhile."""
    settings = Settings(home=tmp_path)
    spool = Spool(settings.spool_root)
    spool.store(SHOP, [record(1)])
    spool.close()
    (segment,) = sealed_segments(settings.spool_root)
    content = segment.read_bytes()
    ship_records(settings)
    segment.write_bytes(content)
    (settings.run_root / "ship-records.json").write_text(f'["{segment.name}"]')
    spool.store(SHOP, [record(2)])
    spool.close()
    ship_records(settings)
    assert landed(settings, SHOP) == {"events.jsonl": b'{"event_id":"1"}\n{"event_id":"2"}\n'}
    assert len(list_uploads(settings, SHOP)) == 2


def test_a_damaged_segment_is_kept_for_people(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.spool_root.mkdir()
    good = encode(Frame(SHOP, [record(1)]))
    (settings.spool_root / "20260301T000000Z-x.jsonl").write_bytes(good + b"00000000 shop e{}\n" + good[:-4])
    report = ship_records(settings)
    assert (report.records, report.damaged) == (1, 1)
    assert len(list((settings.spool_root / "unreadable").iterdir())) == 1


KILLED = """
import os, signal, sys
from pathlib import Path
from recolake.spool.spool import Spool
sys.path.insert(0, sys.argv[2])
from test_spool import SHOP, record
spool = Spool(Path(sys.argv[1]))
for number in range(20):
    spool.store(SHOP, [record(number)])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_records_survive_the_kill_of_their_writer(tmp_path: Path) -> None:
    here = str(Path(__file__).parent)
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), here], check=False)
    assert done.returncode == -signal.SIGKILL
    (path,) = sealed_segments(tmp_path)
    assert [frame.records for frame in read_segment(path)[0]] == [[record(number)] for number in range(20)]
