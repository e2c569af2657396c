"""A certificate is good as it was signed, and in no other way."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recolake.privacy.certificate import (
    Certificate,
    CertificateError,
    Looked,
    Scan,
    Statement,
    public_key,
    read_certificate,
    sign,
    verify,
)
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

SHOP, OTHER = Tenant("shop"), Tenant("other")
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _statement(tenant: Tenant = SHOP) -> Statement:
    return Statement(
        certificate_id="era-0123456789abcdef",
        tenant_id=tenant.name,
        reason="request",
        people=["0" * 32],
        asked_at=NOW,
        completed_at=NOW,
        stores=[Looked(store="bronze.events", unit="rows", found=3)],
        retired_models=["v1"],
        cut_tables={"bronze.events": 12},
        scan=Scan(files=7, bytes=100, unreadable=0),
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def certificate(settings: Settings) -> Certificate:
    return sign(settings, SHOP, _statement())


def test_a_certificate_outlives_its_file(
    settings: Settings, certificate: Certificate, tmp_path: Path
) -> None:
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(json.loads(certificate.model_dump_json()), indent=7))
    verify(read_certificate(path), public_key(settings, SHOP))
    verify(read_certificate(path))


@pytest.mark.control(21)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("people", ["1" * 32]),
        ("completed_at", datetime(2026, 3, 2, tzinfo=UTC)),
        ("stores", []),
        ("retired_models", []),
        ("cut_tables", {}),
        ("scan", Scan(files=7, bytes=100, unreadable=1)),
    ],
)
def test_a_changed_statement_is_found_out(certificate: Certificate, field: str, value: object) -> None:
    changed = certificate.model_copy(
        update={"statement": certificate.statement.model_copy(update={field: value})}
    )
    with pytest.raises(CertificateError):
        verify(changed)


def test_another_tenants_key_does_not_vouch(settings: Settings, certificate: Certificate) -> None:
    forged = sign(settings, OTHER, _statement())
    verify(forged)
    with pytest.raises(CertificateError, match="another key"):
        verify(forged, public_key(settings, SHOP))


@pytest.mark.parametrize("signature", ["", "!", "AAAA"])
def test_a_signature_that_is_none_is_refused(certificate: Certificate, signature: str) -> None:
    with pytest.raises(CertificateError):
        verify(certificate.model_copy(update={"signature": signature}))


def test_a_file_that_is_no_certificate_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}")
    with pytest.raises(CertificateError):
        read_certificate(path)


def test_the_key_is_its_owners_alone(settings: Settings, certificate: Certificate) -> None:
    (path,) = settings.secrets_root.rglob("certificate.key")
    assert path.stat().st_mode & 0o077 == 0
    assert public_key(settings, OTHER) is None
