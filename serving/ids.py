"""Recommendation ids: they name the model version and the time, and are signed for their tenant.

`rec_<version>_<nonce>_<signature>`: the nonce holds 6 bytes of Unix milliseconds and 10 random bytes, the
signature is the first half of an HMAC-SHA-256 over tenant, version and nonce; both in hex.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from recolake.errors import NotFoundError
from recolake.files import read_or_create
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_FORM = re.compile(r"rec_(v[1-9][0-9]{0,8})_([0-9a-f]{32})_([0-9a-f]{32})", re.ASCII)
_TIME_BYTES, _RANDOM_BYTES, _SIGNATURE_BYTES = 6, 10, 16


@dataclass(frozen=True, slots=True)
class Minted:
    """What an id says of the answer."""

    model_version: str
    served_at: datetime


class RecommendationIds:
    """Makes ids and reads them back."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of(cls, settings: Settings) -> RecommendationIds:
        """With the key that all processes of this environment share, made on first use."""
        path = settings.secrets_root / "recommendations.key"
        return cls(read_or_create(path, lambda: secrets.token_bytes(32)))

    def mint(self, tenant: Tenant, model_version: str, now: datetime) -> str:
        """A new id."""
        milliseconds = int(now.timestamp() * 1_000)
        nonce = (milliseconds.to_bytes(_TIME_BYTES) + secrets.token_bytes(_RANDOM_BYTES)).hex()
        return f"rec_{model_version}_{nonce}_{self._sign(tenant, model_version, nonce)}"

    def read(self, tenant: Tenant, text: str) -> Minted:
        """What the id says.

        Raises:
            NotFoundError: it is malformed, forged, or another tenant's; the answer does not tell which.
        """
        found = _FORM.fullmatch(text)
        if not found or not hmac.compare_digest(found[3], self._sign(tenant, found[1], found[2])):
            raise NotFoundError("There is no recommendation of this id.", field="recommendation_id")
        milliseconds = int.from_bytes(bytes.fromhex(found[2])[:_TIME_BYTES])
        return Minted(found[1], datetime.fromtimestamp(milliseconds / 1_000, UTC))

    def _sign(self, tenant: Tenant, version: str, nonce: str) -> str:
        # None of the three can hold a line feed.
        message = f"{tenant}\n{version}\n{nonce}".encode()
        return hmac.new(self._key, message, hashlib.sha256).digest()[:_SIGNATURE_BYTES].hex()
