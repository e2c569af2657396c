"""An erasure that is killed anywhere is completed by a rerun, and one that is not complete says so."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from recolake.privacy.certificate import Looked, public_key, verify
from recolake.privacy.erasure import ErasureIncompleteError, erase
from recolake.privacy.files import FilesStore
from recolake.privacy.lists import opted_out, suppressed
from recolake.privacy.requests import Kind, State, certificate_file, open_requests, read_request
from recolake.privacy.stores import Job
from recolake.privacy.work import ask, named, set_opt_out
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import ensure_tenant_key, pseudonym

SHOP = Tenant("shop")
USER = f"ada-{secrets.token_hex(16)}"


@dataclass
class Shelves:
    """A store of files, one a person; its process is killed once, before or after it removed them."""

    folder: Path
    killed: str = ""
    name = "shelves"

    def prepare(self, job: Job) -> None:
        self._perhaps("preparing")

    def erase(self, job: Job) -> Iterable[Looked]:
        self._perhaps("before")
        gone = [path for path in self.folder.iterdir() if path.name in job.people.pseudonyms]
        for path in gone:
            path.unlink()
        self._perhaps("after")
        return [Looked(store="shelves", unit="files", found=len(gone))]

    def export(self, job: Job) -> Iterator[tuple[str, bytes]]:
        yield "x", b""

    def _perhaps(self, moment: str) -> None:
        if self.killed == moment:
            self.killed = ""
            raise KeyboardInterrupt


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path / "home")
    ensure_tenant_key(settings, SHOP)
    return settings


@pytest.fixture
def shelves(settings: Settings) -> Shelves:
    folder = settings.home / "indexes" / "shop"
    folder.mkdir(parents=True)
    person = pseudonym(ensure_tenant_key(settings, SHOP), USER)
    (folder / person).write_text(person)
    (folder / "other").write_text("other")
    return Shelves(folder)


@pytest.mark.parametrize("moment", ["", "preparing", "before", "after"])
def test_a_killed_erasure_is_completed_by_the_next_run(
    settings: Settings, shelves: Shelves, moment: str
) -> None:
    shelves.killed = moment
    people = named(settings, SHOP, USER)
    set_opt_out(settings, SHOP, people, out=True)
    stores = [shelves, FilesStore()]
    request = ask(settings, SHOP, Kind.ERASURE, people)
    if moment:
        with pytest.raises(KeyboardInterrupt):
            erase(settings, SHOP, request, stores=stores)
        assert len(suppressed(settings, SHOP).read()) == 1, "no ingest takes them in meanwhile"
        (request,) = open_requests(settings, SHOP)
        assert request.state is State.RUNNING
    certificate = erase(settings, SHOP, request, raw_ids=[USER], stores=stores)
    verify(certificate, public_key(settings, SHOP))
    assert read_request(settings, SHOP, request.request_id).state is State.DONE
    assert [path.name for path in shelves.folder.iterdir()] == ["other"]
    assert opted_out(settings, SHOP).read() == {}
    texts = [path.read_bytes() for path in settings.home.rglob("*") if path.is_file()]
    assert not any(USER.encode() in text or request.people[0].encode() in text for text in texts)


@pytest.mark.control(21)
def test_what_is_left_somewhere_makes_it_incomplete(settings: Settings, shelves: Shelves) -> None:
    forgotten = settings.home / "postgres" / "base"
    forgotten.parent.mkdir()
    forgotten.write_text(pseudonym(ensure_tenant_key(settings, SHOP), USER))
    request = ask(settings, SHOP, Kind.ERASURE, named(settings, SHOP, USER))
    with pytest.raises(ErasureIncompleteError, match="postgres/base"):
        erase(settings, SHOP, request, stores=[shelves])
    assert certificate_file(settings, SHOP, request.request_id).exists()
    (still,) = open_requests(settings, SHOP)
    assert still.state is State.INCOMPLETE
    forgotten.unlink()
    certificate = erase(settings, SHOP, still, stores=[shelves])
    assert certificate.statement.scan.hits == []
    (looked,) = certificate.statement.stores
    assert looked.found == 1, "what the first run found counts"
    assert open_requests(settings, SHOP) == []
