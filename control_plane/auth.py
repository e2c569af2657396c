"""Who may ask: annotated dependencies, one a permission, which a handler takes as the type of a parameter.

A route without one, and without `PUBLIC`, stops the application from starting (`declared_permissions`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, get_type_hints

from fastapi import Depends, FastAPI, Request

from control_plane.permissions import Permission
from control_plane.principal import Principal, of_key
from recolake.settings import Settings
from recolake.tenancy.api_keys import PREFIXES, KeySnapshot
from recolake.web.bearer import BearerSecret
from recolake.web.declared import UndeclaredRouteError, declarations


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


CurrentSettings = Annotated[Settings, Depends(_settings)]


class _Requires:
    """A dependency that gives the principal of a request, if it has the permission."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(self, request: Request, settings: CurrentSettings, secret: BearerSecret) -> Principal:
        if secret.startswith(PREFIXES):
            keys: KeySnapshot = request.app.state.keys
            principal = of_key(keys.authenticate(secret))
        else:
            from control_plane.sessions import service as sessions

            principal = sessions.authenticate(settings, secret)
        principal.require(self.permission)
        return principal


async def _public() -> None:
    """Nothing is asked of anybody."""


PUBLIC = Depends(_public)
TenantReader = Annotated[Principal, Depends(_Requires(Permission.TENANT_READ))]
TenantWriter = Annotated[Principal, Depends(_Requires(Permission.TENANT_WRITE))]
TenantCloser = Annotated[Principal, Depends(_Requires(Permission.TENANT_CLOSE))]
MemberReader = Annotated[Principal, Depends(_Requires(Permission.MEMBERS_READ))]
MemberWriter = Annotated[Principal, Depends(_Requires(Permission.MEMBERS_WRITE))]
Oneself = Annotated[Principal, Depends(_Requires(Permission.SELF))]
KeyReader = Annotated[Principal, Depends(_Requires(Permission.KEYS_READ))]
KeyWriter = Annotated[Principal, Depends(_Requires(Permission.KEYS_WRITE))]
UploadReader = Annotated[Principal, Depends(_Requires(Permission.UPLOADS_READ))]
UploadWriter = Annotated[Principal, Depends(_Requires(Permission.UPLOADS_WRITE))]
ExperimentReader = Annotated[Principal, Depends(_Requires(Permission.EXPERIMENTS_READ))]
ExperimentWriter = Annotated[Principal, Depends(_Requires(Permission.EXPERIMENTS_WRITE))]
ScenarioReader = Annotated[Principal, Depends(_Requires(Permission.SCENARIOS_READ))]
ScenarioWriter = Annotated[Principal, Depends(_Requires(Permission.SCENARIOS_WRITE))]
PrivacyReader = Annotated[Principal, Depends(_Requires(Permission.PRIVACY_READ))]
PrivacyWriter = Annotated[Principal, Depends(_Requires(Permission.PRIVACY_WRITE))]
UsageReader = Annotated[Principal, Depends(_Requires(Permission.USAGE_READ))]
AuditReader = Annotated[Principal, Depends(_Requires(Permission.AUDIT_READ))]
WebhookWriter = Annotated[Principal, Depends(_Requires(Permission.WEBHOOKS_WRITE))]
BillingReader = Annotated[Principal, Depends(_Requires(Permission.BILLING_READ))]


def declared_permissions(app: FastAPI) -> dict[tuple[str, str], Permission | None]:
    """The permission of each route, by method and path; None for those that ask nothing of anybody.

    Raises:
        UndeclaredRouteError: a route declares none, or more than one.
    """
    return declarations(
        app, lambda call: call.permission if isinstance(call, _Requires) else None, _public, "permission"
    )


@cache
def permission_of(handler: Callable[..., Any]) -> tuple[str, Permission]:
    """Which parameter of a route's handler is the principal, and what it asks of them.

    Raises:
        UndeclaredRouteError: no parameter is.
    """
    for name, kind in get_type_hints(handler, include_extras=True).items():
        for mark in getattr(kind, "__metadata__", ()):
            asked = getattr(mark, "dependency", None)
            if isinstance(asked, _Requires):
                return name, asked.permission
    message = f"{handler.__name__} takes no principal"
    raise UndeclaredRouteError(message)
