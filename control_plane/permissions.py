"""What a route may ask for, and who has it: keys by their scopes, people by their role.

The whole of it is a table, and `tests/unit/control_plane/roles.txt` holds it route by route.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from recolake.tenancy.api_keys import Scope


class Permission(StrEnum):
    """One thing that may be done. Those that scopes name too have the same name."""

    TENANT_READ = "tenant:read"
    TENANT_WRITE = "tenant:write"
    TENANT_CLOSE = "tenant:close"
    MEMBERS_READ = "members:read"
    MEMBERS_WRITE = "members:write"
    OWNERS_WRITE = "owners:write"
    """To make owners, and to change them; no route asks for it alone."""
    SELF = "self"
    """Only people have it: what concerns oneself alone."""
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    UPLOADS_READ = "uploads:read"
    UPLOADS_WRITE = "uploads:write"
    EXPERIMENTS_READ = "experiments:read"
    EXPERIMENTS_WRITE = "experiments:write"
    SCENARIOS_READ = "scenarios:read"
    SCENARIOS_WRITE = "scenarios:write"
    PRIVACY_READ = "privacy:read"
    PRIVACY_WRITE = "privacy:write"
    USAGE_READ = "usage:read"
    WEBHOOKS_WRITE = "webhooks:write"
    AUDIT_READ = "audit:read"
    BILLING_READ = "billing:read"
    RECOMMENDATIONS_READ = "recommendations:read"
    EVENTS_WRITE = "events:write"
    ITEMS_WRITE = "items:write"
    USERS_WRITE = "users:write"


class Role(StrEnum):
    """What a member is in an organisation."""

    OWNER = "owner"
    ADMIN = "admin"
    DEVELOPER = "developer"
    ANALYST = "analyst"
    BILLING = "billing"
    READ_ONLY = "read-only"


_P = Permission
_MEMBER = {_P.SELF, _P.TENANT_READ, _P.MEMBERS_READ}
_LOOK = _MEMBER | {_P.UPLOADS_READ, _P.EXPERIMENTS_READ, _P.SCENARIOS_READ, _P.USAGE_READ}
_DEVELOP = {
    _P.KEYS_READ,
    _P.KEYS_WRITE,
    _P.UPLOADS_WRITE,
    _P.EXPERIMENTS_WRITE,
    _P.SCENARIOS_WRITE,
    _P.WEBHOOKS_WRITE,
    _P.RECOMMENDATIONS_READ,
    _P.EVENTS_WRITE,
    _P.ITEMS_WRITE,
    _P.USERS_WRITE,
}
_OF_ROLES = {
    Role.OWNER: frozenset(Permission),
    Role.ADMIN: frozenset(Permission) - {_P.OWNERS_WRITE, _P.TENANT_CLOSE},
    Role.DEVELOPER: frozenset(_LOOK | _DEVELOP),
    Role.ANALYST: frozenset(_LOOK | {_P.EXPERIMENTS_WRITE, _P.RECOMMENDATIONS_READ}),
    Role.BILLING: frozenset(_MEMBER | {_P.USAGE_READ, _P.BILLING_READ}),
    Role.READ_ONLY: frozenset(_LOOK | {_P.KEYS_READ}),
}

WHILE_BARRED = frozenset(
    _MEMBER | {_P.TENANT_CLOSE, _P.USAGE_READ, _P.BILLING_READ, _P.AUDIT_READ, _P.PRIVACY_READ}
)
"""What people of a suspended, closing or closed organisation still may: look, take along, reopen."""


def of_role(role: Role) -> frozenset[Permission]:
    """What members of that role may do."""
    return _OF_ROLES[role]


def of_scopes(scopes: Iterable[Scope]) -> frozenset[Permission]:
    """What a key of these scopes may do: who may write may look, and every key knows whose it is.

    There is one scope for usage and what it costs; people's roles tell the two apart.
    """
    named = {Permission(scope.value) for scope in scopes}
    if Permission.USAGE_READ in named:
        named.add(Permission.BILLING_READ)
    looks = {f"{scope.value.partition(':')[0]}:read" for scope in scopes}
    return frozenset(named | {p for p in Permission if p in looks} | {Permission.TENANT_READ})


def missing(scopes: Iterable[Scope], held: frozenset[Permission]) -> list[Scope]:
    """Scopes that somebody cannot give, having only these permissions; sorted."""
    return sorted(scope for scope in set(scopes) if Permission(scope.value) not in held)
