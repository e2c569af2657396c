"""Control 23: secrets come from a provider, rotate without a restart, and are shown by nothing."""

from __future__ import annotations

import base64
import json
import pickle
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from recolake.secrets.environment import variable_of
from recolake.secrets.files import FileSecrets
from recolake.secrets.provider import secrets_of
from recolake.secrets.secret import Secret, SecretExposedError, SecretUnreadableError
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import PseudonymKeyError, ensure_tenant_key, tenant_key

NAME = "tenants/my-shop/webhook.key"
CANARY = b"canary-5f0c1a"


def value(settings: Settings, name: str) -> bytes:
    found = secrets_of(settings).get(name)
    assert found is not None
    return found.reveal()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def test_a_secret_is_made_once_whoever_asks_together(settings: Settings) -> None:
    together = Barrier(4)

    def ask(number: int) -> bytes:
        together.wait()
        return secrets_of(settings).get_or_make(NAME, lambda: b"%d" % number).reveal()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1
    path = settings.secrets_root / NAME
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.control(23)
def test_a_new_one_counts_at_the_next_use(settings: Settings) -> None:
    provider = secrets_of(settings)
    provider.put(NAME, b"one")
    secrets_of(settings).put(NAME, b"two")
    assert value(settings, NAME) == b"two"
    assert (settings.secrets_root / NAME).stat().st_mode & 0o777 == 0o600


@pytest.mark.control(23)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_what_others_may_read_is_refused_and_the_cure_is_told(settings: Settings, mode: int) -> None:
    key = ensure_tenant_key(settings, Tenant("shop"))
    path = settings.secrets_root / "tenants" / "shop" / "pseudonym.key"
    path.chmod(mode)
    with pytest.raises(SecretExposedError, match=f"{mode:04o}") as caught:
        tenant_key(settings, Tenant("shop"))
    assert "chmod 600 <home>/secrets/tenants/shop/pseudonym.key" in caught.value.hint
    path.chmod(0o600)
    assert tenant_key(settings, Tenant("shop")) == key


def test_a_missing_one_tells_where_it_belongs(settings: Settings) -> None:
    with pytest.raises(PseudonymKeyError, match="is missing") as caught:
        tenant_key(settings, Tenant("my-shop"))
    assert "<home>/secrets/tenants/my-shop/pseudonym.key" in caught.value.hint
    environment = settings.model_copy(update={"secrets_from": "environment"})
    with pytest.raises(PseudonymKeyError) as caught:
        tenant_key(environment, Tenant("my-shop"))
    assert "RECOLAKE_SECRET_TENANTS__MY_SHOP__PSEUDONYM_KEY" in caught.value.hint


def test_a_variable_comes_before_the_file(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = settings.model_copy(update={"secrets_from": "environment"})
    assert secrets_of(environment).get_or_make(NAME, lambda: b"made").reveal() == b"made"
    monkeypatch.setenv(variable_of(NAME), "base64:" + base64.b64encode(b"\x00\xff").decode())
    assert value(environment, NAME) == b"\x00\xff"
    assert value(settings, NAME) == b"made"
    monkeypatch.setenv(variable_of(NAME), "plain")
    assert value(environment, NAME) == b"plain"
    with pytest.raises(SecretUnreadableError, match="cannot be written"):
        secrets_of(environment).put(NAME, b"other")


def test_a_variable_that_is_no_base64_is_named_and_not_shown(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable_of(NAME), f"base64:{CANARY.decode()}!")
    with pytest.raises(SecretUnreadableError, match=variable_of(NAME)) as caught:
        value(settings.model_copy(update={"secrets_from": "environment"}), NAME)
    assert CANARY.decode() not in "".join(traceback.format_exception(caught.value))


_TENANTS = st.lists(st.text("ab1", min_size=1, max_size=3), min_size=1, max_size=3).map("-".join)


@given(_TENANTS, _TENANTS)
def test_no_two_tenants_share_a_variable(one: str, other: str) -> None:
    names = {variable_of(f"tenants/{tenant}/pseudonym.key") for tenant in (one, other)}
    assert len(names) == len({one, other})


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../b", "", "a//b", ".hidden", "A"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        FileSecrets(tmp_path).get(name)


@pytest.mark.control(23)
def test_nothing_shows_what_a_secret_is(capsys: pytest.CaptureFixture[str]) -> None:
    secret = Secret(CANARY)
    structlog.get_logger().info("used", secret=secret)
    shown = [repr(secret), str(secret), f"{secret!s:>20}", repr({"a": [secret]}), capsys.readouterr().out]
    assert not any(CANARY.decode() in text for text in shown)
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_settings_hold_no_secret_of_a_variable(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable_of(NAME), CANARY.decode())
    read = Settings(home=settings.home, secrets_from="environment")
    assert CANARY.decode() not in repr(read) + json.dumps(read.environment())
