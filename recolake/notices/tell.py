"""Tell a tenant's programs something: kept in the outbox, delivered by webhook to who subscribed to it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import structlog

from recolake.outbox.lines import Notice
from recolake.outbox.writer import segment
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_log = structlog.get_logger(__name__)


class NoticeType(StrEnum):
    """What can be subscribed to."""

    UPLOAD_VALIDATED = "upload.validated"
    UPLOAD_HELD = "upload.held"
    MODEL_PROMOTED = "model.promoted"
    MODEL_REFUSED = "model.refused"
    QUOTA_80 = "quota.reached_80"
    QUOTA_100 = "quota.reached_100"
    EXPORT_READY = "export.ready"


def tell(
    settings: Settings,
    tenant: Tenant,
    what: NoticeType,
    occasion: str,
    data: Mapping[str, Any],
    *,
    at: datetime | None = None,
) -> None:
    """Have it delivered; a second time for the same occasion nothing more is.

    Call it before the step that makes the occasion final: who is killed in between tells it again.

    Args:
        occasion: what makes it one, such as the upload's id; told twice, it is one notice.
        data: plain JSON that names nobody.

    Never raises for want of disk: what happened is true all the same. That is logged.
    """
    notice = Notice(
        notice_id=notice_id(tenant, what, occasion),
        tenant_id=tenant.name,
        at=at or datetime.now(UTC),
        type=what,
        data=dict(data),
    )
    try:
        with segment(settings) as lines:
            lines.write(notice)
    except OSError as error:
        _log.error("notice_not_kept", tenant=tenant.name, type=what, error=type(error).__name__)


def notice_id(tenant: Tenant, what: str, occasion: str) -> str:
    """The same for the same occasion: 128 bits of its SHA-256, as `msg_…`."""
    text = "\0".join((tenant.name, what, occasion))
    return f"msg_{hashlib.sha256(text.encode()).hexdigest()[:32]}"
