"""Controls 20 and 22: the audit log is complete, nobody changes it unseen, and a year later it may be cut."""

from __future__ import annotations

import json
import re
import runpy
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, NullPool, create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError
from typer.testing import CliRunner

from control_plane import outbox
from control_plane.api_keys import service as keys
from control_plane.app import create_app
from control_plane.audit import retention, service
from control_plane.audit.record import record
from control_plane.audit.retention import retain
from control_plane.audit.tend import checkpoint_all
from control_plane.database import DATABASE, open_database
from control_plane.privacy import service as privacy
from control_plane.privacy.schemas import OptOutAsked, PersonNamed
from control_plane.tenants import service as tenants
from recolake.audit.entry import GENESIS, Action, Actor, chained
from recolake.audit.export_file import verify_file
from recolake.audit.record import recorded
from recolake.cli.app import build_app
from recolake.endpoints import postgres_database
from recolake.journal.segments import OPEN_SUFFIX
from recolake.outbox.lines import Begun
from recolake.outbox.writer import segment
from recolake.privacy.requests import Kind
from recolake.settings import PROJECT_ROOT, Settings
from recolake.tenancy.api_keys import Scope
from recolake.tenancy.context import Tenant
from recolake.tenancy.signatures import SigningKey, public_key

ADA = Actor(kind="person", id="person_ada")


@pytest.fixture
def tenant(postgres: Settings) -> Tenant:
    """A tenant of this test alone; its log begins with itself and its first key."""
    name = f"t{uuid4().hex[:12]}"
    tenants.create_tenant(postgres, name)
    return Tenant(name)


@pytest.fixture
def owner(postgres: Settings) -> Iterator[Connection]:
    """Whoever has the database in their hands."""
    url = make_url(postgres_database(postgres, DATABASE)).set(drivername="postgresql+psycopg")
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def _acts(settings: Settings, tenant: Tenant, count: int) -> None:
    for number in range(count):
        with open_database(settings).transaction(tenant) as session:
            record(session, tenant, Action.KEY_REVOKED, f"key_{number}", by=ADA)


def _log(settings: Settings, tenant: Tenant) -> list[dict[str, Any]]:
    return service.check(settings, tenant).entries


def test_an_act_and_its_entry_are_there_together_or_not_at_all(postgres: Settings, tenant: Tenant) -> None:
    def fail() -> None:
        with open_database(postgres).transaction(tenant) as session:
            record(session, tenant, Action.KEY_REVOKED, "key_lost", by=ADA)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    made = keys.create_key(postgres, tenant, [Scope.EVENTS_WRITE], by=ADA)
    keys.revoke_key(postgres, tenant, made.key_id, by=ADA)
    log = _log(postgres, tenant)
    assert [entry["sequence"] for entry in log] == [1, 2, 3, 4]
    assert [entry["action"] for entry in log] == [
        "tenant.created",
        "key.created",
        "key.created",
        "key.revoked",
    ]
    assert (log[2]["target"], log[2]["actor"]) == (made.key_id, {"kind": "person", "id": "person_ada"})
    assert log[2]["details"] == {"expires_at": None, "scopes": ["events:write"]}


def test_writers_that_come_together_leave_no_gap_and_one_chain(postgres: Settings, tenant: Tenant) -> None:
    def write(number: int) -> None:
        try:
            with open_database(postgres).transaction(tenant) as session:
                record(session, tenant, Action.KEY_REVOKED, f"key_{number}", by=ADA)
                if number % 5 == 0:
                    raise InterruptedError
        except InterruptedError:
            pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    verdict = service.check(postgres, tenant).verdict
    assert (verdict.fault, verdict.entries, verdict.last) == (None, 34, 34)


@pytest.mark.control(20)
def test_the_application_can_add_to_the_log_and_read_it_and_nothing_else(
    postgres: Settings, tenant: Tenant, owner: Connection
) -> None:
    rights = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    query = text("SELECT has_table_privilege(:role, 'audit_log', :right)")
    for role in ("recolake_tenant", "recolake_platform"):
        allowed = [right for right in rights if owner.execute(query, {"role": role, "right": right}).scalar()]
        assert allowed == ["SELECT", "INSERT"], role
    named = "rolname IN ('recolake_tenant', 'recolake_platform', 'recolake_accounts')"
    roles = owner.execute(text(f"SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE {named}"))
    assert {tuple(row) for row in roles} == {(False, False, False)}
    forced = owner.execute(
        text("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = 'audit_log'")
    )
    assert tuple(forced.one()) == (True, True)
    for statement in ("UPDATE audit_log SET target = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"):
        for begin in (lambda: open_database(postgres).transaction(tenant), open_database(postgres).platform):
            with pytest.raises(ProgrammingError, match="permission denied"), begin() as session:
                session.execute(text(statement))


def test_a_tenant_sees_no_other_log_and_adds_to_none(postgres: Settings, tenant: Tenant) -> None:
    other = Tenant(f"{tenant}-b")
    tenants.create_tenant(postgres, other.name)
    with open_database(postgres).transaction(tenant) as session:
        seen = {row[0] for row in session.execute(text("SELECT DISTINCT tenant_id FROM audit_log"))}
    assert seen == {tenant.name}
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        open_database(postgres).transaction(tenant) as session,
    ):
        record(session, other, Action.KEY_REVOKED, "key_x", by=ADA)


def _forge(owner: Connection, tenant: Tenant, log: list[dict[str, Any]]) -> None:
    """Another log in the place of this one, with a chain that holds."""
    owner.execute(text("DELETE FROM audit_log WHERE tenant_id = :t"), {"t": tenant.name})
    previous = GENESIS
    for entry in log:
        content = {name: value for name, value in entry.items() if name not in ("previous", "hash")}
        made = chained(previous, content | {"target": "forged"})
        previous = made["hash"]
        row = made | {"actor_kind": made["actor"]["kind"], "actor_id": made["actor"]["id"]}
        row["details"] = json.dumps(made["details"])
        columns = [name for name in row if name != "actor"]
        values = ", ".join(f":{name}" for name in columns)
        del row["actor"]
        owner.execute(text(f"INSERT INTO audit_log ({', '.join(columns)}) VALUES ({values})"), row)


OWN = "WHERE tenant_id = :t AND sequence"
TAMPERINGS: dict[str, tuple[int, list[str]]] = {
    "edit": (3, [f"UPDATE audit_log SET target = 'x' {OWN} = 3"]),
    "edit of details": (2, [f"UPDATE audit_log SET details = '{{}}' {OWN} = 2"]),
    "delete": (4, [f"DELETE FROM audit_log {OWN} = 4"]),
    "reorder": (
        3,
        [
            f"UPDATE audit_log SET sequence = 99 {OWN} = 3",
            f"UPDATE audit_log SET sequence = 3 {OWN} = 5",
            f"UPDATE audit_log SET sequence = 5 {OWN} = 99",
        ],
    ),
    "cut the tail": (6, [f"DELETE FROM audit_log {OWN} > 5"]),
    "cut all": (1, [f"DELETE FROM audit_log {OWN} > 0"]),
    "rewrite all": (1, []),
}


@pytest.mark.control(20)
@pytest.mark.parametrize("how", TAMPERINGS)
def test_of_a_log_that_was_tampered_with_the_first_bad_entry_is_named(
    postgres: Settings, tenant: Tenant, owner: Connection, how: str
) -> None:
    _acts(postgres, tenant, 5)
    assert service.checkpoint(postgres, tenant).verdict.signed == 7
    first, statements = TAMPERINGS[how]
    for statement in statements:
        owner.execute(text(statement), {"t": tenant.name})
    if not statements:
        _forge(owner, tenant, _log(postgres, tenant))
    fault = service.check(postgres, tenant).verdict.fault
    assert fault is not None
    assert fault.sequence == first
    told = CliRunner().invoke(build_app(), ["audit", "verify", "--tenant", tenant.name])
    assert told.exit_code == 1
    assert f"entry {first}:" in told.output
    with pytest.raises(service.AuditTamperedError, match=f"entry {first}:"):
        service.checkpoint(postgres, tenant)
    with pytest.raises(service.AuditTamperedError):
        retain(postgres, tenant, datetime.now(UTC) + timedelta(days=400))


@pytest.mark.control(20)
def test_what_is_new_is_signed_once_outside_of_the_database(postgres: Settings, tenant: Tenant) -> None:
    checkpoint_all(postgres, tenant.name)
    (file,) = (postgres.audit_root / tenant.name).iterdir()
    before = file.read_bytes()
    checkpoint_all(postgres, tenant.name)
    assert file.read_bytes() == before
    _acts(postgres, tenant, 1)
    assert checkpoint_all(postgres, tenant.name) == {tenant.name: 3}
    assert len(file.read_bytes().splitlines()) == 2
    assert file.stat().st_mode & 0o077 == 0


def test_an_exported_log_is_verified_offline_also_by_the_program_of_the_documentation(
    postgres: Settings, tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _acts(postgres, tenant, 2)
    file = tmp_path / "audit.jsonl"
    service.export_to(postgres, tenant, file)
    key = public_key(postgres, tenant, SigningKey.AUDIT)
    name, verdict = verify_file(file, key)
    assert (name, verdict.fault, verdict.entries, verdict.signed) == (tenant.name, None, 5, 5)
    page = (PROJECT_ROOT / "docs" / "reference" / "audit-log.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    script = tmp_path / "verify_audit.py"
    script.write_text(program)

    def offline(path: Path) -> str:
        monkeypatch.setattr(sys, "argv", ["verify_audit.py", str(path), str(key)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(script), run_name="__main__")
        return str(ended.value.code)

    assert offline(file) == "None"
    lines = file.read_bytes().splitlines(keepends=True)
    changes: dict[str, tuple[int, Callable[[list[bytes]], list[bytes]]]] = {
        "edited": (3, lambda a: [*a[:3], a[3].replace(b"key_0", b"key_9"), *a[4:]]),
        "missing": (2, lambda a: [*a[:2], *a[3:]]),
        "swapped": (2, lambda a: [*a[:2], a[3], a[2], *a[4:]]),
        "cut": (5, lambda a: [*a[:5], *a[6:]]),
        "blank": (1, lambda a: [a[0], a[1].replace(b",", b", "), *a[2:]]),
    }
    for what, (first, change) in changes.items():
        bad = tmp_path / f"{what}.jsonl"
        bad.write_bytes(b"".join(change(lines)))
        fault = verify_file(bad, key)[1].fault
        assert fault is not None, what
        assert fault.sequence == first, what
        assert f"entry {first} " in offline(bad), what


@pytest.mark.control(22)
@pytest.mark.parametrize(("days", "removed"), [(364, 0), (366, 5)])
def test_entries_are_kept_for_a_year(postgres: Settings, tenant: Tenant, days: int, removed: int) -> None:
    _acts(postgres, tenant, 4)
    clock = datetime.now(UTC) + timedelta(days=days)
    assert retain(postgres, tenant, clock) == removed, "the newest stays: what comes next must follow it"
    _acts(postgres, tenant, 1)
    verdict = service.checkpoint(postgres, tenant).verdict
    assert verdict.fault is None
    assert (verdict.first, verdict.last) == ((1, 7) if not removed else (6, 8))


def test_a_cut_log_still_tells_what_else_is_missing(
    postgres: Settings, tenant: Tenant, owner: Connection, tmp_path: Path
) -> None:
    _acts(postgres, tenant, 4)
    service.checkpoint(postgres, tenant)
    retain(postgres, tenant, datetime.now(UTC) + timedelta(days=366))
    _acts(postgres, tenant, 3)
    service.export_to(postgres, tenant, tmp_path / "audit.jsonl")
    assert verify_file(tmp_path / "audit.jsonl")[1].fault is None
    owner.execute(text(f"DELETE FROM audit_log {OWN} < 8"), {"t": tenant.name})
    fault = service.check(postgres, tenant).verdict.fault
    assert fault is not None
    assert fault.sequence == 6


def test_a_cut_that_is_killed_leaves_a_good_log_and_is_completed(
    postgres: Settings, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    clock = datetime.now(UTC) + timedelta(days=366)
    with monkeypatch.context() as patched:
        patched.setattr(retention.repository, "cut", killed)
        with pytest.raises(KeyboardInterrupt):
            retain(postgres, tenant, clock)
    verdict = service.check(postgres, tenant).verdict
    assert (verdict.fault, verdict.first, verdict.last) == (None, 1, 2)
    assert retain(postgres, tenant, clock) == 1
    assert service.check(postgres, tenant).verdict.first == 2


def test_an_act_on_files_is_in_the_log_once_with_what_came_of_it(
    postgres: Settings, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recorded(postgres, tenant, Action.MODEL_PROMOTED, "v1", by=ADA) as more:
        more["previous"] = None

    def refuse() -> None:
        with recorded(postgres, tenant, Action.MODEL_ROLLED_BACK, "v0", by=ADA):
            raise OSError

    with pytest.raises(OSError):  # noqa: PT011
        refuse()
    begun = Begun(
        act_id="act_killed",
        tenant_id=tenant.name,
        at=datetime.now(UTC),
        actor=ADA,
        action=Action.UPLOAD_RELEASED,
        target="upload",
    )
    with segment(postgres) as lines:
        lines.write(begun)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "dispose", killed)
        with pytest.raises(KeyboardInterrupt):
            service.page(postgres, tenant, 10, None)
    newest = service.page(postgres, tenant, 3, None).entries
    assert [(e.action, e.outcome, e.details) for e in reversed(newest)] == [
        ("model.promoted", "done", {"previous": None}),
        ("model.rolled_back", "failed", {"error": "OSError"}),
        ("upload.released", "unknown", {}),
    ]
    assert len(_log(postgres, tenant)) == 5
    assert not list(postgres.outbox_root.glob("*"))


def test_an_act_that_the_log_cannot_take_is_set_aside_and_holds_up_nobody(
    postgres: Settings, tenant: Tenant
) -> None:
    with recorded(postgres, tenant, Action.MODEL_PROMOTED, "v" * 300, by=ADA):
        pass
    with recorded(postgres, tenant, Action.MODEL_PROMOTED, "v2", by=ADA):
        pass
    assert [entry.target for entry in service.page(postgres, tenant, 1, None).entries] == ["v2"]
    (kept,) = (postgres.outbox_root / "unreadable").iterdir()
    kept.unlink()
    kept.parent.rmdir()


def test_an_act_under_way_waits_for_its_end(postgres: Settings, tenant: Tenant) -> None:
    with recorded(postgres, tenant, Action.MODEL_PROMOTED, "v1", by=ADA):
        assert len(service.page(postgres, tenant, 10, None).entries) == 2
        assert len(list(postgres.outbox_root.glob(f"*{OPEN_SUFFIX}"))) == 1
    assert len(service.page(postgres, tenant, 10, None).entries) == 3


def test_nobody_is_named_in_the_log(postgres: Settings, tenant: Tenant) -> None:
    user = f"ada-{uuid4().hex}"
    privacy.ask(postgres, tenant, Kind.ERASURE, PersonNamed(user_id=user), by=ADA)
    privacy.opt_out(postgres, tenant, OptOutAsked(user_id=user), by=ADA)
    from recolake.privacy.work import named

    log = json.dumps(service.page(postgres, tenant, 2, None).model_dump())
    assert "privacy.erasure_asked" in log
    assert "privacy.opted_out" in log
    assert user not in log
    assert not [each for each in named(postgres, tenant, user).pseudonyms if each in log]


def test_a_tenant_pages_through_its_own_log_and_exports_it(postgres: Settings, tmp_path: Path) -> None:
    names = [f"t{uuid4().hex[:12]}" for _ in range(2)]
    headers = [{"Authorization": f"Bearer {tenants.create_tenant(postgres, name)}"} for name in names]
    client = TestClient(create_app(postgres), raise_server_exceptions=False)
    made = client.post("/v1/keys", json={"scopes": ["events:write"]}, headers=headers[0]).json()
    first = client.get("/v1/audit?limit=2", headers=headers[0]).json()
    rest = client.get(f"/v1/audit?limit=2&cursor={first['next_cursor']}", headers=headers[0]).json()
    shown = [*first["entries"], *rest["entries"]]
    assert [(entry["sequence"], entry["tenant_id"]) for entry in shown] == [(n, names[0]) for n in (3, 2, 1)]
    assert (shown[0]["target"], shown[0]["actor"]["kind"]) == (made["key_id"], "key")
    assert rest["next_cursor"] is None
    file = tmp_path / "log"
    file.write_bytes(client.get("/v1/audit/export", headers=headers[0]).content)
    name, verdict = verify_file(file, public_key(postgres, Tenant(names[0]), SigningKey.AUDIT))
    assert (name, verdict.fault, verdict.last) == (names[0], None, 4)
    for wrong in ("limit=0", "limit=5000", "cursor=0", "cursor=x"):
        assert client.get(f"/v1/audit?{wrong}", headers=headers[0]).status_code == 422
