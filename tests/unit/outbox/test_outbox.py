"""What is in the outbox survives its writer, and says who was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recolake.audit.actors import act_as, command_line_actor, process_actor
from recolake.audit.entry import Action, Outcome
from recolake.audit.record import recorded
from recolake.errors import NotFoundError
from recolake.journal.segments import sealed_segments
from recolake.notices.tell import NoticeType, notice_id, tell
from recolake.outbox.lines import Begun, Ended, Notice, read_segment
from recolake.settings import PROJECT_ROOT, Settings
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")
KILLED = """
import os, signal, sys
from pathlib import Path
from recolake.audit.entry import Action
from recolake.audit.record import recorded
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
with recorded(Settings(home=Path(sys.argv[1])), Tenant("shop"), Action.MODEL_PROMOTED, "v1"):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def _lines(settings: Settings) -> list[Begun | Ended | Notice]:
    (path,) = sealed_segments(settings.outbox_root)
    found, unreadable = read_segment(path)
    assert unreadable == 0
    return found


def test_an_act_is_written_down_before_it_is_done_and_after(settings: Settings) -> None:
    with recorded(settings, SHOP, Action.MODEL_PROMOTED, "v1", details={"named": True}) as more:
        (segment,) = settings.outbox_root.iterdir()
        assert b'"begun"' in segment.read_bytes()
        assert not sealed_segments(settings.outbox_root), "its writer lives"
        more["previous"] = "v0"
    begun, ended = _lines(settings)
    assert isinstance(begun, Begun)
    assert isinstance(ended, Ended)
    assert (begun.target, begun.details) == ("v1", {"named": True})
    assert (ended.act_id, ended.outcome, ended.details) == (begun.act_id, Outcome.DONE, {"previous": "v0"})


def test_of_an_act_that_was_interrupted_nobody_claims_to_know(settings: Settings) -> None:
    with pytest.raises(KeyboardInterrupt), recorded(settings, SHOP, Action.MODEL_PROMOTED, "v1"):
        raise KeyboardInterrupt
    _, ended = _lines(settings)
    assert isinstance(ended, Ended)
    assert (ended.outcome, ended.details) == (Outcome.UNKNOWN, {})


def test_an_act_that_fails_says_so_by_its_code_alone(settings: Settings) -> None:
    def refuse() -> None:
        with recorded(settings, SHOP, Action.MODEL_PROMOTED, "v1"):
            raise NotFoundError("ada@example.org is not here")

    with pytest.raises(NotFoundError):
        refuse()
    _, ended = _lines(settings)
    assert isinstance(ended, Ended)
    assert (ended.outcome, ended.details) == (Outcome.FAILED, {"error": "not_found"})


def test_an_act_whose_doer_is_killed_is_begun_and_not_ended(settings: Settings) -> None:
    environment = os.environ | {"PYTHONPATH": str(PROJECT_ROOT)}
    command = [sys.executable, "-c", KILLED, str(settings.home)]
    assert subprocess.run(command, env=environment, check=False).returncode == -9
    (begun,) = _lines(settings)
    assert isinstance(begun, Begun)


def test_an_act_that_cannot_be_written_down_is_not_begun(settings: Settings) -> None:
    settings.outbox_root.write_text("in the way")
    done = []
    with pytest.raises(OSError), recorded(settings, SHOP, Action.MODEL_PROMOTED, "v1"):  # noqa: PT011
        done.append(1)
    assert not done


def test_a_notice_has_one_id_an_occasion_and_want_of_disk_stops_nobody(settings: Settings) -> None:
    tell(settings, SHOP, NoticeType.UPLOAD_HELD, "u1", {"upload_id": "u1"})
    (notice,) = _lines(settings)
    assert isinstance(notice, Notice)
    assert notice.notice_id == notice_id(SHOP, "upload.held", "u1")
    others = [
        notice_id(SHOP, "upload.held", "u2"),
        notice_id(SHOP, "upload.validated", "u1"),
        notice_id(Tenant("rival"), "upload.held", "u1"),
    ]
    assert len({notice.notice_id, *others}) == 4
    full = Settings(home=settings.home / "full")
    full.home.mkdir()
    full.outbox_root.write_text("in the way")
    tell(full, SHOP, NoticeType.UPLOAD_HELD, "u1", {})


def test_commands_are_their_users_and_all_else_is_the_systems() -> None:
    before = process_actor()
    assert before.kind == "system"
    act_as(command_line_actor())
    try:
        assert process_actor().kind == "command_line"
        assert process_actor().id
    finally:
        act_as(before)
