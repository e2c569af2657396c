"""A tenant's life, killed anywhere, is gone on with and comes to the same; others notice nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from control_plane.api_keys import service as keys
from control_plane.database import open_database
from control_plane.errors import TenantExistsError, TenantGoneError
from control_plane.lifecycle import advance as engine
from control_plane.lifecycle import first_key, repository, service
from control_plane.lifecycle.actions import Work, carry_out
from control_plane.lifecycle.states import BEGINNING, END, Step
from control_plane.tenants import service as tenants
from feature_repo.erasure import OnlineStore
from recolake.audit.entry import Action
from recolake.endpoints import resolve
from recolake.errors import RecolakeError
from recolake.features.keys import row_key
from recolake.features.names import ITEM_KEY, MODEL_KEY, TENANT_KEY, USER_KEY
from recolake.features.online import redis_client
from recolake.landing.upload import tenant_folder
from recolake.moments import utc_now
from recolake.platform import control
from recolake.privacy.certificate import CertificateError, Looked, verify
from recolake.privacy.closure import closure_file, read_closure
from recolake.privacy.files import FilesStore
from recolake.privacy.lists import privacy_folder
from recolake.privacy.stores import Leaving, Store
from recolake.profile.keys import changed_key, deeds_key, field_of, partition_of
from recolake.scenarios.store import live_versions
from recolake.settings import Settings
from recolake.tenancy.api_keys import KeySnapshot
from recolake.tenancy.context import Tenant
from recolake.tenancy.directory import known_tenants
from recolake.tenancy.pseudonyms import tenant_key
from recolake.tenancy.standing import Standing, TenantBarredError
from serving.erasure import ReplaysStore
from spark_jobs.erasure.store import LandingStore

PERSON = "0" * 32


class Killed(BaseException):
    """What `kill -9` is to the code: nothing after it runs, and no handler sees it."""


@dataclass
class Folder:
    """In the place of a store whose service is not started here: the lake and MLflow have tests of their own
    (`tests/integration/spark_jobs/test_closing.py`, `tests/integration/training/test_closing.py`)."""

    name: str
    root: Path
    left: int = 0

    def settle(self, leaving: Leaving) -> None:
        pass

    def dismiss(self, leaving: Leaving) -> Iterable[Looked]:
        shutil.rmtree(self.root / leaving.tenant.name, ignore_errors=True)
        return [Looked(store=self.name, unit="folders", found=1, left=self.left)]


@dataclass
class Office:
    """PostgreSQL and Redis, a clock, and a tenant with something everywhere beside another."""

    settings: Settings
    stores: list[Store]
    redis: redis.Redis
    ahead: timedelta = timedelta()
    tenant: Tenant = field(default_factory=lambda: Tenant(f"t{uuid4().hex[:12]}"))

    def now(self) -> datetime:
        return utc_now() + self.ahead

    def advance(self, tenant: Tenant | None = None) -> Standing:
        with engine.alone(self.settings, tenant or self.tenant):
            return engine.advance(
                self.settings, tenant or self.tenant, early=True, now=self.now, stores=lambda: self.stores
            )

    def close(self) -> None:
        service.close(self.settings, self.tenant, grace=timedelta(0), now=self.now)
        self.ahead += timedelta(hours=2)

    def state(self) -> Standing:
        return service.read(self.settings, self.tenant).state

    def actions(self, tenant: Tenant) -> list[str]:
        from control_plane.audit import repository as audit

        with open_database(self.settings).transaction(tenant) as session:
            return [entry["action"] for entry in audit.entries(session, tenant)]


@pytest.fixture(scope="module")
def running(
    postgres: Settings, home_beside: Callable[..., Settings], tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """A home with PostgreSQL and Redis alone, whatever else runs for other tests."""
    control.up(postgres, ("redis",))
    return home_beside(tmp_path_factory.mktemp("home"), redis_url=resolve(postgres, "redis"))


@pytest.fixture
def office(running: Settings) -> Office:
    stores = [
        LandingStore(),
        Folder("lake", running.home / "some-lake"),
        Folder("artefacts", running.index_root),
        OnlineStore(),
        ReplaysStore(),
        FilesStore(),
    ]
    return Office(running, stores, redis_client(running))


def redis_keys(tenant: Tenant) -> list[bytes]:
    own = {TENANT_KEY: tenant.name}
    return [
        f"recolake:{tenant}:features".encode(),
        deeds_key(tenant, PERSON).encode(),
        row_key({**own, USER_KEY: PERSON}),
        row_key({**own, ITEM_KEY: "i1"}),
        row_key({**own, MODEL_KEY: "v1", USER_KEY: PERSON}),
        row_key({**own, MODEL_KEY: "v1", ITEM_KEY: "i1"}),
    ]


def files_of(settings: Settings, tenant: Tenant) -> list[Path]:
    return [
        tenant_folder(settings, tenant) / "upload" / "files" / "day.csv",
        settings.home / "some-lake" / tenant.name / "rows",
        settings.index_root / tenant.name / "v1" / "items.npz",
        settings.replay_root / f"{tenant}.sqlite",
        settings.replay_root / "control" / f"{tenant}.sqlite-wal",
        settings.scenario_root / tenant.name / "summer" / "v1.json",
        settings.unfinished_root / tenant.name / "piece",
        settings.home / "quality" / f"{tenant}.json",
        privacy_folder(settings, tenant) / "suppressed.json",
        privacy_folder(settings, tenant) / "exports" / "exp-1.zip",
    ]


def plant(office: Office, tenant: Tenant) -> None:
    """Something of the tenant in every place."""
    for path in files_of(office.settings, tenant):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(tenant.name)
    for key in redis_keys(tenant):
        office.redis.set(key, tenant.name)
    name = field_of(tenant, PERSON)
    office.redis.hset(changed_key(partition_of(name)), name, 1)


def left_of(office: Office, tenant: Tenant) -> dict[str, Any]:
    """What is there of a tenant."""
    settings, name = office.settings, field_of(tenant, PERSON)
    return {
        "files": sorted(str(p) for p in files_of(settings, tenant) if p.exists()),
        "redis": sorted(key for key in redis_keys(tenant) if office.redis.exists(key)),
        "changed": office.redis.hexists(changed_key(partition_of(name)), name),
        "secrets": sorted(p.name for p in (settings.secrets_root / "tenants" / tenant.name).glob("*")),
        "listed": tenant in known_tenants(settings),
        "keys": [key.revoked_at is None for key in keys.list_keys(settings, tenant)],
    }


@pytest.fixture
def kill(monkeypatch: pytest.MonkeyPatch) -> Callable[[Step, str], None]:
    """Have whoever does a step die `before` it, or `after` it and before anybody writes that down."""

    def arm(step: Step, when: str) -> None:
        def dying(now: Step, work: Work) -> Any:
            if now is not step:
                return carry_out(now, work)
            monkeypatch.setattr(engine, "carry_out", carry_out)
            if when == "after":
                with suppress(RecolakeError):
                    carry_out(now, work)
            raise Killed

        monkeypatch.setattr(engine, "carry_out", dying)

    return arm


def test_a_new_tenant_has_everything_and_is_told_what_could_not_be_made(office: Office) -> None:
    secret = tenants.create_tenant(office.settings, office.tenant.name)
    read = service.read(office.settings, office.tenant)
    done = {step.step: step.done for step in read.steps}
    assert done == {step: step is not Step.MLFLOW for step in BEGINNING}
    (waiting,) = [step for step in read.steps if not step.done]
    assert (waiting.error_code, waiting.attempts) == ("service_unavailable", 1)
    assert "recolake up" in str(waiting.error)
    assert read.state is Standing.PROVISIONING
    assert tenant_folder(office.settings, office.tenant).is_dir()
    assert live_versions(office.settings, office.tenant) == {"default": 1}
    assert office.redis.exists(f"recolake:{office.tenant}:since")
    assert KeySnapshot(office.settings).authenticate(secret).tenant == office.tenant


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", [step for step in BEGINNING if step is not Step.FIRST_KEY])
def test_a_creation_that_is_killed_at_a_step_is_gone_on_with_by_the_same_command(
    office: Office, kill: Callable[[Step, str], None], step: Step, when: str
) -> None:
    kill(step, when)
    with pytest.raises(Killed):
        tenants.create_tenant(office.settings, office.tenant.name)
    key = tenant_key(office.settings, office.tenant)
    secret = tenants.create_tenant(office.settings, office.tenant.name)
    assert {s.step for s in service.read(office.settings, office.tenant).steps if not s.done} == {Step.MLFLOW}
    assert tenant_key(office.settings, office.tenant) == key
    assert KeySnapshot(office.settings).authenticate(secret).tenant == office.tenant
    assert live_versions(office.settings, office.tenant) == {"default": 1}
    assert office.actions(office.tenant).count(Action.TENANT_CREATED) == 1


def test_a_first_key_that_nobody_was_shown_is_replaced_and_one_that_was_shown_never(office: Office) -> None:
    def die(_: str) -> None:
        raise Killed

    name = office.tenant.name
    with pytest.raises(Killed):
        tenants.create_tenant(office.settings, name, show=die)
    shown: list[str] = []
    secret = tenants.create_tenant(office.settings, name, show=shown.append)
    assert shown == [secret]
    assert [key.revoked_at is None for key in keys.list_keys(office.settings, office.tenant)] == [False, True]
    with pytest.raises(TenantExistsError):
        tenants.create_tenant(office.settings, name)
    assert first_key.show_first_key(office.settings, office.tenant, shown.append) is None


def test_a_suspended_tenant_is_refused_with_the_reason_until_it_is_resumed(office: Office) -> None:
    secret = tenants.create_tenant(office.settings, office.tenant.name)
    snapshot = KeySnapshot(office.settings, clock=iter(range(0, 1_000, 10)).__next__)
    service.suspend(office.settings, office.tenant)
    with pytest.raises(TenantBarredError) as refused:
        snapshot.authenticate(secret)
    assert (refused.value.code, refused.value.status) == ("tenant_suspended", 403)
    assert snapshot.lookup(secret) is None
    service.close(office.settings, office.tenant)
    service.reopen(office.settings, office.tenant)
    assert office.state() is Standing.SUSPENDED
    service.resume(office.settings, office.tenant)
    assert snapshot.authenticate(secret).tenant == office.tenant


def test_within_the_grace_nothing_goes_and_a_reopened_tenant_is_as_before(office: Office) -> None:
    secret = tenants.create_tenant(office.settings, office.tenant.name)
    plant(office, office.tenant)
    before = left_of(office, office.tenant)
    service.close(office.settings, office.tenant, grace=timedelta(days=30), now=office.now)
    office.ahead = timedelta(days=29)
    assert office.advance() is Standing.CLOSING
    with pytest.raises(TenantBarredError, match="closing"):
        KeySnapshot(office.settings).authenticate(secret)
    assert left_of(office, office.tenant) == before
    service.reopen(office.settings, office.tenant, now=office.now)
    assert KeySnapshot(office.settings).authenticate(secret).tenant == office.tenant
    assert office.actions(office.tenant)[-2:] == [Action.TENANT_CLOSING, Action.TENANT_REOPENED]


def gone(office: Office) -> dict[str, Any]:
    return {
        "files": [],
        "redis": [],
        "changed": False,
        "secrets": ["audit.key", "certificate.key"],
        "listed": False,
        "keys": [False],
    }


def begin_to_close(office: Office) -> Tenant:
    """The tenant and, with a name that begins as its does, a neighbour, both with something everywhere."""
    from control_plane.audit.service import checkpoint

    other = Tenant(f"{office.tenant}-b")
    for tenant in (office.tenant, other):
        tenants.create_tenant(office.settings, tenant.name)
        plant(office, tenant)
    checkpoint(office.settings, office.tenant)
    office.close()
    return other


@pytest.mark.parametrize("step", END)
def test_a_closing_that_is_killed_at_a_step_is_completed_and_touches_nobody_else(
    office: Office, kill: Callable[[Step, str], None], step: Step
) -> None:
    other = begin_to_close(office)
    theirs = left_of(office, other)
    for when in ("before", "after"):
        kill(step, when)
        with pytest.raises(Killed):
            office.advance()
    with pytest.raises(TenantGoneError):
        service.reopen(office.settings, office.tenant)
    assert office.advance() is Standing.CLOSED
    assert left_of(office, office.tenant) == gone(office)
    assert left_of(office, other) == theirs
    assert office.actions(office.tenant)[-2:] == [Action.TENANT_ERASING, Action.TENANT_CLOSED]
    certificate = service.closure(office.settings, office.tenant)
    verify(certificate)
    assert all(each.left == 0 for each in certificate.statement.stores)


Plan = list[tuple[Step, str]]


@examples(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(END), st.sampled_from(["before", "after"])), max_size=4))
def test_whatever_is_killed_how_often_in_whatever_order_the_end_is_the_same(
    office: Office, kill: Callable[[Step, str], None], plan: Plan
) -> None:
    office.tenant, office.ahead = Tenant(f"t{uuid4().hex[:12]}"), timedelta()
    begin_to_close(office)
    for step, when in plan:
        kill(step, when)
        try:
            office.advance()
        except Killed:
            continue
    assert office.advance() is Standing.CLOSED
    assert left_of(office, office.tenant) == gone(office)
    assert all(step.done for step in service.read(office.settings, office.tenant).steps if step.step in END)
    verify(read_closure(closure_file(office.settings, office.tenant)))


def test_a_step_that_fails_is_told_tried_again_later_and_holds_up_what_comes_behind(office: Office) -> None:
    begin_to_close(office)
    away = office.settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    with engine.alone(away, office.tenant):
        engine.advance(away, office.tenant, now=office.now, stores=lambda: office.stores)
    steps = {step.step: step for step in service.read(office.settings, office.tenant).steps}
    assert steps[Step.ERASE_ARTEFACTS].done
    assert steps[Step.ERASE_ONLINE].error_code == "service_unavailable"
    assert steps[Step.ERASE_ONLINE].due_at > office.now()
    assert not steps[Step.DESTROY_KEYS].done
    with open_database(office.settings).platform() as session:
        assert office.tenant not in repository.end_due(session, office.now())
        assert office.tenant in repository.end_due(session, office.now() + timedelta(minutes=5))
    assert office.advance() is Standing.CLOSED


def test_no_certificate_is_issued_while_a_store_still_holds_something(office: Office) -> None:
    lake = next(store for store in office.stores if isinstance(store, Folder))
    lake.left = 1
    begin_to_close(office)
    assert office.advance() is Standing.CLOSING
    steps = {step.step: step for step in service.read(office.settings, office.tenant).steps}
    failed = steps[Step.ERASE_LAKE]
    assert (failed.error_code, failed.done) == ("erasure_incomplete", False)
    assert "1 folders in lake" in str(failed.error)
    assert not steps[Step.CERTIFICATE].done
    lake.left = 0
    assert office.advance() is Standing.CLOSED


def test_a_certificate_that_was_changed_is_none(office: Office) -> None:
    begin_to_close(office)
    office.advance()
    made = service.closure(office.settings, office.tenant)
    forged = made.model_copy(update={"statement": made.statement.model_copy(update={"tenant_id": "other"})})
    with pytest.raises(CertificateError):
        verify(forged)


def test_a_closed_name_is_nobodys_again(office: Office) -> None:
    begin_to_close(office)
    office.advance()
    with pytest.raises(TenantExistsError):
        tenants.create_tenant(office.settings, office.tenant.name)
