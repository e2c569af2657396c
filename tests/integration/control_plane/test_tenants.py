"""Tenants: created once whatever happens, and known to the data plane from then on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from control_plane.api_keys import service as keys
from control_plane.database import open_database
from control_plane.errors import TenantExistsError
from control_plane.snapshots import publish
from control_plane.tenants import service
from recolake.errors import InvalidInputError, NotFoundError, ServiceUnavailableError, UnknownTenantError
from recolake.settings import Settings
from recolake.tenancy.api_keys import KeySnapshot, Scope, hash_key, keys_snapshot
from recolake.tenancy.context import Tenant
from recolake.tenancy.directory import require_tenant, tenants_snapshot
from recolake.tenancy.local_key import read_local_key


@pytest.fixture
def name() -> str:
    """A tenant name that no other test uses."""
    return f"t{uuid4().hex[:12]}"


def test_a_new_tenant_is_known_to_the_data_plane_with_a_key_that_may_do_everything(
    platform: Settings, name: str
) -> None:
    secret = service.create_tenant(platform, name)
    assert require_tenant(platform, name) == Tenant(name)
    record = KeySnapshot(platform).authenticate(secret)
    assert (record.tenant, record.scopes) == (Tenant(name), frozenset(Scope))
    assert (platform.secrets_root / "tenants" / name / "pseudonym.key").stat().st_size == 32


@pytest.mark.control(6)
def test_the_secret_of_a_key_is_stored_nowhere(platform: Settings, name: str) -> None:
    secret = service.create_tenant(platform, name)
    with open_database(platform).platform() as session:
        stored = str(session.connection().exec_driver_sql("SELECT * FROM api_keys").all())
    assert hash_key(secret) in stored
    assert secret not in stored
    assert secret not in keys_snapshot(platform).read_text()


def test_a_taken_name_is_refused_and_its_keys_stay_as_they_were(platform: Settings, name: str) -> None:
    secret = service.create_tenant(platform, name)
    with pytest.raises(TenantExistsError):
        service.create_tenant(platform, name)
    assert len(keys.list_keys(platform, Tenant(name))) == 1
    assert KeySnapshot(platform).authenticate(secret).tenant == Tenant(name)


def test_of_many_who_create_the_same_tenant_together_one_succeeds(platform: Settings, name: str) -> None:
    def attempt(_: int) -> str | None:
        try:
            return service.create_tenant(platform, name)
        except TenantExistsError:
            return None

    with ThreadPoolExecutor(6) as pool:
        secrets = [secret for secret in pool.map(attempt, range(6)) if secret]
    assert len(secrets) == len(keys.list_keys(platform, Tenant(name))) == 1
    assert KeySnapshot(platform).authenticate(secrets[0]).tenant == Tenant(name)


@pytest.mark.control(5)
@pytest.mark.parametrize("bad", ["", "a", "Shop", "../shop", "shop/", "shöp", "x" * 40, "shop--a", "-shop"])
def test_a_malformed_name_is_refused(platform: Settings, bad: str) -> None:
    with pytest.raises(InvalidInputError):
        service.create_tenant(platform, bad)


def test_lost_snapshots_are_rebuilt_from_the_database(platform: Settings, name: str) -> None:
    secret = service.create_tenant(platform, name)
    before = tenants_snapshot(platform).read_bytes(), keys_snapshot(platform).read_bytes()
    tenants_snapshot(platform).unlink()
    keys_snapshot(platform).unlink()
    publish(platform, open_database(platform))
    assert (tenants_snapshot(platform).read_bytes(), keys_snapshot(platform).read_bytes()) == before
    assert KeySnapshot(platform).lookup(secret) is not None


def test_a_tenant_that_exists_gets_no_second_key_while_the_kept_one_is_valid(
    platform: Settings, name: str
) -> None:
    first = service.ensure_tenant(platform, name)
    assert service.ensure_tenant(platform, name) == first == read_local_key(platform, Tenant(name))
    (only,) = keys.list_keys(platform, Tenant(name))
    keys.revoke_key(platform, Tenant(name), only.key_id)
    second = service.ensure_tenant(platform, name)
    assert second != first
    assert KeySnapshot(platform).authenticate(second).tenant == Tenant(name)


def test_a_lost_pseudonym_key_is_never_replaced_by_another(platform: Settings, name: str) -> None:
    service.ensure_tenant(platform, name)
    key = platform.secrets_root / "tenants" / name / "pseudonym.key"
    kept = key.rename(key.with_name("kept"))
    publish(platform, open_database(platform))
    service.ensure_tenant(platform, name)
    with pytest.raises(TenantExistsError):
        service.create_tenant(platform, name)
    assert not key.exists()
    kept.rename(key)


def test_a_key_is_made_with_its_scopes_and_dies_by_revocation(platform: Settings, name: str) -> None:
    service.create_tenant(platform, name)
    created = keys.create_key(platform, Tenant(name), [Scope.EVENTS_WRITE])
    snapshot = KeySnapshot(platform)
    assert snapshot.authenticate(created.secret).scopes == {Scope.EVENTS_WRITE}
    keys.revoke_key(platform, Tenant(name), created.key_id)
    assert KeySnapshot(platform).lookup(created.secret) is None
    revoked_at = keys.list_keys(platform, Tenant(name))[-1].revoked_at
    keys.revoke_key(platform, Tenant(name), created.key_id)
    assert keys.list_keys(platform, Tenant(name))[-1].revoked_at == revoked_at is not None


def test_a_key_cannot_be_revoked_through_another_tenant(platform: Settings, name: str) -> None:
    secret = service.create_tenant(platform, name)
    service.create_tenant(platform, f"{name}-b")
    (key,) = keys.list_keys(platform, Tenant(name))
    with pytest.raises(NotFoundError):
        keys.revoke_key(platform, Tenant(f"{name}-b"), key.key_id)
    assert KeySnapshot(platform).lookup(secret) is not None


def test_a_key_for_a_tenant_that_does_not_exist_is_refused(platform: Settings, name: str) -> None:
    with pytest.raises(UnknownTenantError):
        keys.create_key(platform, Tenant(name), [Scope.EVENTS_WRITE])


def test_without_a_database_the_caller_is_told_so(settings: Settings, name: str) -> None:
    away = settings.model_copy(update={"postgres_url": "postgresql://postgres@127.0.0.1:1"})
    with pytest.raises(ServiceUnavailableError):
        service.create_tenant(away, name)
