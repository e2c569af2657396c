"""The client libraries against the live API: their quick starts run, and what they send again counts once."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from recolake_client import AsyncRecolake, Recolake, Retries, errors

from recolake.journal.segments import OPEN_SUFFIX
from recolake.settings import PROJECT_ROOT
from recolake.usage.segments import read_meter

PYTHON, TYPESCRIPT = PROJECT_ROOT / "clients" / "python", PROJECT_ROOT / "clients" / "typescript"
VIEW: Any = {"type": "view", "item_id": "i1", "user_id": "ada", "time": "2026-02-01T10:00:00Z"}


@pytest.fixture
def live(shop: Any, listening: Any) -> Iterator[tuple[str, str]]:
    """URL of the data plane, and a key."""
    from serving.app import create_app

    with listening(create_app(shop.settings)) as url:
        yield url, shop.key()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The TypeScript client, its examples and tests, checked and compiled."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("needs node and npm, which are not here")
    tsc = TYPESCRIPT / "node_modules" / ".bin" / "tsc"
    if not tsc.exists():
        done = subprocess.run(["npm", "ci"], cwd=TYPESCRIPT, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"npm cannot install the compiler: {done.stderr[-300:]}")
    out = tmp_path_factory.mktemp("typescript")
    (out / "package.json").write_text('{"type": "module"}')
    checked = subprocess.run([tsc, "--outDir", out], cwd=TYPESCRIPT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    return out


def run(command: list[str | Path], url: str, key: str, **more: str) -> str:
    environment = os.environ | {"RECOLAKE_URL": url, "RECOLAKE_API_KEY": key} | more
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def is_the_quick_start(said: str) -> None:
    kept, first, second, version, refused = said.splitlines()
    assert kept == "2 events kept, 0 refused"
    pages = [set(page.split(": ")[1].split(", ")) for page in (first, second)]
    assert [len(page) for page in pages] == [5, 5]
    assert not pages[0] & pages[1]
    assert version == "made by model version v1"
    assert refused.startswith("refused: invalid_expression, character ")


def test_the_quick_start_of_the_python_client_runs(live: tuple[str, str]) -> None:
    source = {"PYTHONPATH": str(PYTHON / "src")}
    is_the_quick_start(run([sys.executable, PYTHON / "examples" / "quick_start.py"], *live, **source))


def test_the_quick_start_of_the_typescript_client_runs(live: tuple[str, str], compiled: Path) -> None:
    is_the_quick_start(run(["node", compiled / "examples" / "quick-start.js"], *live))


def test_the_typescript_client_behaves_as_its_tests_say(compiled: Path) -> None:
    run(["node", "--test", compiled / "test"], "", "")


class Lossy(httpx.HTTPTransport):
    """Loses the first answer to each request, after the API gave it."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, list[httpx.Response]] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        answer.read()
        seen = self.answers.setdefault(request.headers["Idempotency-Key"], [])
        seen.append(answer)
        if len(seen) == 1:
            raise httpx.ReadError("lost on its way")
        return answer


def test_an_answer_that_is_lost_comes_again_and_is_billed_once(live: tuple[str, str], shop: Any) -> None:
    lossy = Lossy()
    with Recolake(*live, retries=Retries(first_wait=0.0), transport=lossy) as client:
        answer = client.recommend(user_id="ada", k=3)
        client.send_event(**VIEW)
        client.put_item("i1", title="Lamp")
    assert [len(answers) for answers in lossy.answers.values()] == [2, 2, 2]
    for first, again in lossy.answers.values():
        assert again.content == first.content
    assert answer["recommendation_id"] == next(iter(lossy.answers.values()))[0].json()["recommendation_id"]
    paths = sorted(shop.settings.journal_root.glob(f"*{OPEN_SUFFIX}"))
    lines = {line.usage_id: line for path in paths for line in read_meter(path)[0]}
    assert sorted((line.kind, line.units) for line in lines.values()) == [
        ("events", 1),
        ("items", 1),
        ("requests", 1),
    ]


def test_more_events_than_a_call_takes_are_all_judged(live: tuple[str, str]) -> None:
    events = [VIEW | {"item_id": f"i{n}"} for n in range(1_200)]
    bad = VIEW | {"type": "sneeze"}
    with Recolake(*live) as client:
        told = client.send_events([*events, bad])
        none = client.send_events([bad])
    assert (told["accepted"], told["rejected"], len(told["results"])) == (1_200, 1, 1_201)
    assert told["results"][-1]["code"] == "unknown_type"
    assert (none["accepted"], none["rejected"]) == (0, 1)


def test_many_ask_at_once_and_go_through_pages(live: tuple[str, str]) -> None:
    async def ask() -> list[list[str]]:
        async with AsyncRecolake(*live) as client:
            asked = (client.recommend(user_id=user, k=3) for user in ("ada", "ben", "new"))
            assert all(len(answer["items"]) == 3 for answer in await asyncio.gather(*asked))
            pages = client.pages(client.popular, k=15)
            return [[item["item_id"] for item in page["items"]] async for page in pages]

    pages = asyncio.run(ask())
    assert [len(page) for page in pages] == [15, 15, 10]
    assert len({item for page in pages for item in page}) == 40


def test_refusals_of_the_live_api_are_types(live: tuple[str, str], shop: Any) -> None:
    url, key = live
    with Recolake(url, key) as client:
        with pytest.raises(errors.InvalidExpressionError) as caught:
            client.popular(filter="price < ")
        assert caught.value.members["position"] == 9
        with pytest.raises(errors.MissingError):
            client.receipt("rec_unknown")
        with pytest.raises(errors.InvalidInputError) as invalid:
            client.popular(k=0)
        assert invalid.value.field == "k"
    with Recolake(url, shop.key(scopes=())) as client, pytest.raises(errors.ForbiddenError):
        client.popular()
    with Recolake(url, "rk_live_wrong") as client, pytest.raises(errors.UnauthenticatedError):
        client.popular()
