"""The tutorial with curl does what it says, command by command, against both live applications."""

from __future__ import annotations

import fnmatch
import os
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest

from recolake.settings import PROJECT_ROOT, Settings
from recolake.tenancy.context import Tenant

PAGE = PROJECT_ROOT / "docs" / "tutorials" / "with-curl.md"
TENANT = Tenant("annshop")
_BLOCK = re.compile(r"^```console( engine)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADER = (
    "event_time,session_id,user_id,event_type,item_id,title,category,unit_price,quantity,order_id,country"
)
_ROW = "2025-01-06T10:00:00Z,s1,u10231,view,10001,Lamp,Home,2.55,1,,GB"


@dataclass
class Command:
    """What is typed, what the page says that it answers, and whether it needs the engine."""

    typed: str
    engine: bool
    says: list[str] = field(default_factory=list)


def commands(page: str) -> list[Command]:
    """Those of a page, in their order. A command goes on until its quotes are closed."""
    found: list[Command] = []
    for engine, block in _BLOCK.findall(page):
        for line in block.splitlines():
            if found and is_open(found[-1].typed):
                found[-1].typed += f"\n{line}"
            elif line.startswith("$ "):
                found.append(Command(line[2:], bool(engine)))
            else:
                found[-1].says.append(line)
    return found


def is_open(typed: str) -> bool:
    try:
        shlex.split(typed)
    except ValueError:
        return True
    return typed.endswith("\\")


def script(typed: list[Command], start: int) -> str:
    lines = [f"printf '\\n@@{start + n}\\n'\n{command.typed}" for n, command in enumerate(typed)]
    return "\n".join(["set -euo pipefail", *lines, "printf '\\n@@\\n'", "declare -p > variables"])


def answers(said: str) -> dict[int, list[str]]:
    parts = re.split(r"^@@(\d*)\n", said, flags=re.MULTILINE)
    return {
        int(number): [line for line in text.splitlines() if line]
        for number, text in zip(parts[1::2], parts[2::2], strict=True)
        if number
    }


@pytest.fixture
def both(
    tmp_path: Path, home_beside: Any, valkey: Any, listening: Any
) -> Iterator[tuple[Settings, str, str]]:
    """Both applications on one state folder, as they listen."""
    from control_plane.app import create_app as control_plane
    from serving.app import create_app as data_plane

    settings = home_beside(tmp_path / "home", redis_url=valkey.url, feature_deadline_seconds=5.0)
    with listening(control_plane(settings)) as control, listening(data_plane(settings)) as api:
        yield settings, control, api


def test_the_tutorial_goes_from_sign_up_to_a_recommendation(both: Any, tmp_path: Path, shop_at: Any) -> None:
    settings, control, api = both
    page = PAGE.read_text().replace("http://127.0.0.1:8001", control).replace("http://127.0.0.1:8000", api)
    found = commands(page)
    last = max(number for number, command in enumerate(found) if command.engine)
    work = tmp_path / "work"
    (work / "shop" / "uploads").mkdir(parents=True)
    (work / "shop" / "uploads" / "2025-01-06.csv").write_text(f"{_HEADER}\n{_ROW}\n")

    def run(part: list[Command], start: int, before: str = "") -> dict[int, list[str]]:
        clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(
            ["bash", "-c", f"{before}{script(part, start)}"],
            cwd=work, env=clean, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return answers(done.stdout)

    said = run([command for command in found[:last] if not command.engine], 0)
    publish_what_the_engine_would(shop_at(settings), api)
    first = len(said)
    said |= run(found[last + 1 :], first, ". ./variables 2>/dev/null || true\n")
    mine = [command for command in found if not command.engine]
    assert len(said) == len(mine)
    for number, command in enumerate(mine):
        expected = "\n".join(command.says).replace("[", "[[]").replace("…", "*")
        told = "\n".join(said[number])
        assert fnmatch.fnmatchcase(told, expected), f"{command.typed}\n{told}\nis not\n{expected}"


def publish_what_the_engine_would(shop: Any, api: str) -> None:
    """A model of the tenant's, in service."""
    shop.publish_registry()
    shop.publish("v1", ["u10231"], TENANT)
    deadline = time.monotonic() + 60
    while httpx.get(f"{api}/ready").status_code != HTTPStatus.OK:
        assert time.monotonic() < deadline, "the model does not come into service"


def test_what_the_page_does_not_run_here_is_named_as_the_engines() -> None:
    engines = [command.typed for command in commands(PAGE.read_text()) if command.engine]
    assert engines
    assert all(typed.startswith("recolake ") for typed in engines)
