"""Secrets of endpoints, in the form of Standard Webhooks.

They stand nowhere: each is derived from a key of the tenant, so that PostgreSQL and its backups hold none.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime

from control_plane.models import WebhookEndpointRow
from recolake.secrets.provider import secrets_of
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_KEY_BYTES = 32


def secret(settings: Settings, tenant: Tenant, endpoint_id: str, generation: int) -> str:
    """`whsec_` and 32 bytes in base64 (HMAC-SHA-256, as in RFC 5869's expand step)."""
    key = secrets_of(settings).get_or_make(
        f"tenants/{tenant}/webhook.key", lambda: secrets.token_bytes(_KEY_BYTES)
    )
    label = f"recolake/webhook/{endpoint_id}/{generation}/v1".encode()
    return f"whsec_{base64.b64encode(hmac.digest(key.reveal(), label, 'sha256')).decode()}"


def valid_secrets(
    settings: Settings, tenant: Tenant, endpoint: WebhookEndpointRow, now: datetime
) -> list[str]:
    """The secret in force, and the one before while its time of grace lasts."""
    generations = [endpoint.generation]
    if endpoint.previous_until is not None and now < endpoint.previous_until:
        generations.append(endpoint.generation - 1)
    return [secret(settings, tenant, endpoint.endpoint_id, each) for each in generations]
