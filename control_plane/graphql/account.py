"""Account: the tenant, its people, keys, webhooks and audit log."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from control_plane.api_keys.endpoints import list_keys
from control_plane.api_keys.schemas import ApiKeyRead
from control_plane.audit.endpoints import list_audit
from control_plane.audit.schemas import AuditPage
from control_plane.graphql.context import Info, read
from control_plane.graphql.scalars import Long
from control_plane.invitations.endpoints import list_invitations
from control_plane.invitations.schemas import InvitationRead
from control_plane.organisations.endpoints import list_members
from control_plane.organisations.schemas import MemberRead
from control_plane.people.endpoints import read_oneself
from control_plane.people.schemas import Oneself as OneselfRead
from control_plane.sessions.endpoints import list_sessions
from control_plane.sessions.schemas import SessionRead
from control_plane.tenants.endpoints import read_tenant
from control_plane.tenants.schemas import TenantRead
from control_plane.webhooks.endpoints import list_webhooks
from control_plane.webhooks.schemas import WebhookRead


@strawberry.type(description="A tenant as its own people see it")
class Tenant:
    tenant_id: str
    display_name: str
    created_at: datetime


@strawberry.type(description="An organisation that lets the person in")
class Membership:
    tenant_id: str
    display_name: str
    role: str


@strawberry.type(description="Who one is, where, and what one may do there")
class Oneself:
    person_id: str
    email: str
    name: str
    tenant_id: str
    role: str
    permissions: list[str]
    organisations: list[Membership]


@strawberry.type(description="A person in the organisation")
class Member:
    person_id: str
    email: str
    name: str
    role: str
    joined_at: datetime
    disabled_at: datetime | None


@strawberry.type(description="An invitation without its token")
class Invitation:
    invitation_id: str
    email: str
    role: str
    invited_by: str
    created_at: datetime
    expires_at: datetime
    state: str


@strawberry.type(description="A key without its secret")
class ApiKey:
    key_id: str
    name: str
    environment: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    rotated_to: str | None


@strawberry.type(description="A session of one's own, in any organisation")
class Session:
    session_id: str
    tenant_id: str
    client_id: str
    way: str
    created_at: datetime
    expires_at: datetime
    current: bool


@strawberry.type(description="An endpoint of the tenant's own, without its secret")
class Webhook:
    webhook_id: str
    url: str
    event_types: list[str]
    enabled: bool
    disabled_why: str | None
    failures: int
    failing_since: datetime | None
    previous_secret_until: datetime | None
    created_at: datetime


@strawberry.type(description="Who acted: key, person, command_line or system")
class Actor:
    kind: str
    id: str


@strawberry.type(description="An entry of the audit log, exactly as it is hashed")
class AuditEntry:
    version: int
    tenant_id: str
    sequence: Long
    recorded_at: str
    act_id: str
    at: str
    actor: Actor
    action: str
    target: str
    outcome: str
    details: JSON
    previous: str
    hash: str

    @read(Member | None, "The actor, where it is a member")
    async def member(self, info: Info) -> MemberRead | None:
        return await info.context.members.load(self.actor.id) if self.actor.kind == "person" else None


@strawberry.type(description="A page of the audit log, newest first")
class AuditEntries:
    entries: list[AuditEntry]
    next_cursor: Long | None


@strawberry.type
class Account:
    """Fields of a query about the account."""

    @read(Oneself, "Who asks, where it is a person")
    async def me(self, info: Info) -> OneselfRead:
        return await info.context.ask(read_oneself)

    @read(Tenant, "The tenant that the caller belongs to")
    async def tenant(self, info: Info) -> TenantRead:
        return await info.context.ask(read_tenant, tenant_id=info.context.principal.tenant.name)

    @read(list[Member], "Everybody in the organisation")
    async def members(self, info: Info) -> list[MemberRead]:
        return await info.context.ask(list_members)

    @read(list[Invitation], "All invitations, newest first")
    async def invitations(self, info: Info) -> list[InvitationRead]:
        return await info.context.ask(list_invitations)

    @read(list[ApiKey], "All keys, oldest first, revoked ones too")
    async def keys(self, info: Info) -> list[ApiKeyRead]:
        return await info.context.ask(list_keys)

    @read(list[Session], "Where one is logged in, newest first")
    async def sessions(self, info: Info) -> list[SessionRead]:
        return await info.context.ask(list_sessions)

    @read(list[Webhook], "All webhooks, oldest first")
    async def webhooks(self, info: Info) -> list[WebhookRead]:
        return await info.context.ask(list_webhooks)

    @read(AuditEntries, "Who did what, newest first")
    async def audit(self, info: Info, limit: int = 100, cursor: Long | None = None) -> AuditPage:
        return await info.context.ask(list_audit, limit=limit, cursor=cursor)
