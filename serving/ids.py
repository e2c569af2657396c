"""Recommendation ids: they name model version, time and variant, and are signed for their tenant.

`rec_<version>_<nonce>_<signature>`: the nonce holds 6 bytes of Unix milliseconds and 10 random bytes, the
signature is the first half of an HMAC-SHA-256 over tenant, version and nonce, and over the variant within an
experiment; both in hex. So which variant answered is told by which signature fits, to nobody without the key.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from recolake.errors import NotFoundError
from recolake.experiments.document import Variant
from recolake.secrets.provider import secrets_of
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_FORM = re.compile(r"rec_(v[1-9][0-9]{0,8})_([0-9a-f]{32})_([0-9a-f]{32})", re.ASCII)
_TIME_BYTES, _RANDOM_BYTES, _SIGNATURE_BYTES = 6, 10, 16


@dataclass(frozen=True, slots=True)
class Minted:
    """What an id says of the answer."""

    model_version: str
    served_at: datetime
    variant: Variant = Variant.DEFAULT


class RecommendationIds:
    """Makes ids and reads them back."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of(cls, settings: Settings) -> RecommendationIds:
        """With the key that all processes of this environment share, made on first use."""
        key = secrets_of(settings).get_or_make("recommendations.key", lambda: secrets.token_bytes(32))
        return cls(key.reveal())

    def mint(
        self, tenant: Tenant, model_version: str, now: datetime, variant: Variant = Variant.DEFAULT
    ) -> str:
        """A new id."""
        milliseconds = int(now.timestamp() * 1_000)
        nonce = (milliseconds.to_bytes(_TIME_BYTES) + secrets.token_bytes(_RANDOM_BYTES)).hex()
        return f"rec_{model_version}_{nonce}_{self._sign(tenant, model_version, nonce, variant)}"

    def read(self, tenant: Tenant, text: str) -> Minted:
        """What the id says.

        Raises:
            NotFoundError: it is malformed, forged, or another tenant's; the answer does not tell which.
        """
        found = _FORM.fullmatch(text)
        variant = None
        if found is not None:
            given, version, nonce = found[3], found[1], found[2]
            signed = {v: self._sign(tenant, version, nonce, v) for v in Variant}
            variant = next((v for v, text in signed.items() if hmac.compare_digest(given, text)), None)
        if found is None or variant is None:
            raise NotFoundError("There is no recommendation of this id.", field="recommendation_id")
        milliseconds = int.from_bytes(bytes.fromhex(found[2])[:_TIME_BYTES])
        return Minted(found[1], datetime.fromtimestamp(milliseconds / 1_000, UTC), variant)

    def _sign(self, tenant: Tenant, version: str, nonce: str, variant: Variant) -> str:
        # None of the four can hold a line feed. Ids from before there were experiments are of no variant.
        parts = [tenant.name, version, nonce, *([] if variant is Variant.DEFAULT else [variant.value])]
        message = "\n".join(parts).encode()
        return hmac.new(self._key, message, hashlib.sha256).digest()[:_SIGNATURE_BYTES].hex()
