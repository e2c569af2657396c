"""What is left of a closed tenant: a signed statement of what was erased, and of what is kept and why.

Signed as certificates of erasures are, by the same key, which outlives the tenant's data.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field

from recolake.files import private_folder, write_atomically
from recolake.privacy.certificate import Frozen, Looked, Signed, canonical, read_signed
from recolake.privacy.lists import privacy_folder
from recolake.settings import Settings
from recolake.tenancy import signatures
from recolake.tenancy.context import Tenant
from recolake.tenancy.signatures import SigningKey

CLOSURE = "closure.json"


class ClosureStatement(Frozen):
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


class ClosureCertificate(Signed[ClosureStatement]):
    """A signed statement."""


def closure_id(tenant: Tenant, asked_at: datetime) -> str:
    """The same for the same closing, however often its certificate is made."""
    text = f"{tenant}\0{asked_at.isoformat()}"
    return f"clo-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def issue(settings: Settings, tenant: Tenant, statement: ClosureStatement) -> ClosureCertificate:
    """Sign and keep; the same statement gives the same bytes."""
    signed = signatures.sign(settings, tenant, SigningKey.CERTIFICATE, canonical(statement))
    made = ClosureCertificate(statement=statement, public_key=signed.public_key, signature=signed.signature)
    path = closure_file(settings, tenant)
    private_folder(path.parent)
    write_atomically(path, made.model_dump_json(indent=1).encode(), mode=0o600)
    return made


def closure_file(settings: Settings, tenant: Tenant) -> Path:
    """Where the certificate of a closed tenant lies."""
    return privacy_folder(settings, tenant) / CLOSURE


def read_closure(path: Path) -> ClosureCertificate:
    """A certificate of a closure from a file; raises as `read_signed`."""
    return read_signed(path, ClosureCertificate, "a closure")
