"""One at a time, others wait and are told so, and different works do not wait for each other."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.locks import Work, exclusive

SHOP = Tenant("shop")
HOLD = """
import sys
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.locks import Work, exclusive
with exclusive(Settings(home=sys.argv[1]), Tenant("shop"), Work.PUBLICATION):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_who_must_wait_is_told_once_and_goes_on_when_the_other_is_done(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    order: list[str] = []
    waiting = threading.Event()

    def say(sentence: str) -> None:
        order.append(sentence)
        waiting.set()

    def second() -> None:
        with exclusive(settings, SHOP, Work.PUBLICATION, say):
            order.append("second")

    thread = threading.Thread(target=second)
    with exclusive(settings, SHOP, Work.PUBLICATION):
        thread.start()
        assert waiting.wait(60)
        order.append("first")
    thread.join()
    assert order[1:] == ["first", "second"]
    assert "publication" in order[0]
    assert "'shop'" in order[0]


def test_a_publication_waits_neither_for_a_training_nor_for_another_tenant(tmp_path: Path) -> None:
    settings, said = Settings(home=tmp_path), list[str]()
    with (
        exclusive(settings, SHOP, Work.TRAINING),
        exclusive(settings, Tenant("rival"), Work.PUBLICATION),
        exclusive(settings, SHOP, Work.PUBLICATION, said.append),
    ):
        assert not said


def test_a_killed_holder_leaves_the_lock_free(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.kill()
    with exclusive(Settings(home=tmp_path), SHOP, Work.PUBLICATION):
        pass
