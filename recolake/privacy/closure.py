"""What is left of a closed tenant: a signed statement of what was erased, and of what is kept and why.

Signed as certificates of erasures are, by the same key, which outlives the tenant's data.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recolake.files import private_folder, write_atomically
from recolake.privacy.certificate import CertificateError, Looked
from recolake.privacy.lists import privacy_folder
from recolake.settings import Settings
from recolake.tenancy import signatures
from recolake.tenancy.context import Tenant
from recolake.tenancy.signatures import SigningKey

CLOSURE = "closure.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClosureStatement(_Frozen):
    """Everything that is signed."""

    schema_version: Literal[1] = 1
    certificate_id: str
    tenant_id: str
    asked_at: datetime
    erasing_since: datetime = Field(description="From when on it could not be reopened")
    keys_destroyed_at: datetime = Field(
        description="When the key for pseudonyms went: whatever is left of the data in a copy names nobody"
    )
    stores: list[Looked] = Field(description="What was found where, and what is left of it: nothing")
    cut_tables: dict[str, int] = Field(description="By table the oldest version that can still be read")
    kept: dict[str, str] = Field(description="What is kept, and until when or why")


class ClosureCertificate(_Frozen):
    """A signed statement."""

    statement: ClosureStatement
    public_key: str = Field(description="Ed25519, base64")
    signature: str = Field(description="Of the canonical JSON of `statement`, base64")


def closure_id(tenant: Tenant, asked_at: datetime) -> str:
    """The same for the same closing, however often its certificate is made."""
    text = f"{tenant}\0{asked_at.isoformat()}"
    return f"clo-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def issue(settings: Settings, tenant: Tenant, statement: ClosureStatement) -> ClosureCertificate:
    """Sign and keep; the same statement gives the same bytes."""
    signed = signatures.sign(settings, tenant, SigningKey.CERTIFICATE, _canonical(statement))
    made = ClosureCertificate(statement=statement, public_key=signed.public_key, signature=signed.signature)
    path = closure_file(settings, tenant)
    private_folder(path.parent)
    write_atomically(path, made.model_dump_json(indent=1).encode(), mode=0o600)
    return made


def closure_file(settings: Settings, tenant: Tenant) -> Path:
    """Where the certificate of a closed tenant lies."""
    return privacy_folder(settings, tenant) / CLOSURE


def read_closure(path: Path) -> ClosureCertificate:
    """A certificate from a file.

    Raises:
        CertificateError: the file is none.
    """
    try:
        return ClosureCertificate.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise CertificateError(f"'{path.name}' is no certificate of a closure.") from error


def verify_closure(certificate: ClosureCertificate, known: str | None = None) -> None:
    """Raise unless the certificate is exactly what its key signed.

    Args:
        known: the tenant's public key, where the verifier has it; None trusts the one in the certificate.

    Raises:
        CertificateError: it was changed, or signed by another key.
    """
    if known is not None and known != certificate.public_key:
        raise CertificateError(
            "The certificate was signed by another key than the tenant's.", hint=f"The tenant's is {known}."
        )
    content = _canonical(certificate.statement)
    if not signatures.is_signed(certificate.public_key, certificate.signature, content):
        raise CertificateError("The certificate is not what was signed.")


def _canonical(statement: ClosureStatement) -> bytes:
    return signatures.canonical(statement.model_dump(mode="json"))
