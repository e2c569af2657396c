"""Nothing that was appended is lost, nothing half written is read, nothing is read twice."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
from contextvars import copy_context
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from recolake.journal.segments import sealed_segments
from recolake.usage.journal import UsageJournal
from recolake.usage.record import UsageRecord
from recolake.usage.segments import read_segment
from recolake.usage.tally import Tally, current_tally

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def record(number: int, user: str | None = None) -> UsageRecord:
    return UsageRecord(
        tenant_id="shop",
        recommendation_id=f"r{number}",
        served_at=NOW,
        key_id="k",
        user_id=user,
        model_version="v1",
        strategy="personal",
        item_ids=("a", "b"),
    )


def everything(folder: Path) -> list[UsageRecord]:
    return [record for path in sealed_segments(folder) for record in read_segment(path)[0]]


def test_records_come_back_once_and_in_order(tmp_path: Path) -> None:
    journal = UsageJournal(tmp_path)
    for number in range(50):
        journal.append(record(number))
    assert everything(tmp_path) == [], "a segment in use is its writer's"
    journal.close()
    assert everything(tmp_path) == [record(number) for number in range(50)]


def test_records_of_one_call_are_written_in_order_and_named_after_it(tmp_path: Path) -> None:
    journal, tally = UsageJournal(tmp_path), Tally(call="c")
    context = copy_context()
    context.run(current_tally.set, tally)
    context.run(journal.append_all, [record(number) for number in range(3)])
    journal.close()
    assert [each.recommendation_id for each in everything(tmp_path)] == ["r0", "r1", "r2"]
    named = [f"call_c_{number}" for number in range(3)]
    assert [each.usage_id for each in everything(tmp_path)] == named
    assert [line["id"] for line in tally.lines] == named


@given(st.text())
def test_no_text_breaks_a_line(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    line = record(1, text).to_line()
    assert line.count(b"\n") == 1
    assert UsageRecord.model_validate_json(line) == record(1, text)


def test_an_old_segment_is_sealed_and_the_next_record_begins_another(tmp_path: Path) -> None:
    now = [0.0]
    journal = UsageJournal(tmp_path, clock=lambda: now[0])
    journal.append(record(1))
    journal.tend()
    assert everything(tmp_path) == []
    now[0] = 61.0
    journal.tend()
    journal.append(record(2))
    assert everything(tmp_path) == [record(1)]
    journal.close()
    assert everything(tmp_path) == [record(1), record(2)]


def test_a_cut_last_line_is_owed_to_nobody_and_a_spoiled_one_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "20260301T000000Z-x.jsonl"
    path.write_bytes(record(1).to_line() + b"{spoiled}\n" + record(2).to_line() + record(3).to_line()[:-5])
    assert read_segment(path) == ([record(1), record(2)], 1)


KILLED = """
import os, signal, sys
from pathlib import Path
from recolake.usage.journal import UsageJournal
sys.path.insert(0, sys.argv[2])
from test_journal import record
journal = UsageJournal(Path(sys.argv[1]))
for number in range(20):
    journal.append(record(number))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_records_survive_the_kill_of_their_writer(tmp_path: Path) -> None:
    here = str(Path(__file__).parent)
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), here], check=False)
    assert done.returncode == -signal.SIGKILL
    assert everything(tmp_path) == [record(number) for number in range(20)]


FULL = """
import resource, signal, sys
from pathlib import Path
from recolake.usage.journal import UsageJournal
sys.path.insert(0, sys.argv[2])
from test_journal import record
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
journal, written = UsageJournal(Path(sys.argv[1])), 0
for number in range(50):
    try:
        journal.append(record(number))
    except OSError:
        break
    written += 1
journal.close()
print(written)
"""


def test_a_record_that_does_not_fit_is_refused_whole(tmp_path: Path) -> None:
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path), here], check=True, capture_output=True, text=True
    )
    written = int(done.stdout)
    assert 0 < written < 50
    [path] = sealed_segments(tmp_path)
    assert read_segment(path) == ([record(number) for number in range(written)], 0)
    assert path.read_bytes().endswith(b"\n")


def test_the_journal_is_for_its_owner_alone(tmp_path: Path) -> None:
    journal = UsageJournal(tmp_path / "journal")
    journal.append(record(1))
    [segment] = (tmp_path / "journal").iterdir()
    assert segment.stat().st_mode & 0o077 == 0
    journal.close()
