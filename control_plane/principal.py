"""Who asks, whichever way they proved it."""

from __future__ import annotations

from dataclasses import dataclass

from control_plane.permissions import WHILE_BARRED, Permission, Role, of_scopes
from recolake.audit.entry import Actor
from recolake.errors import ForbiddenError
from recolake.tenancy.api_keys import KeyRecord
from recolake.tenancy.context import Tenant
from recolake.tenancy.standing import Standing, TenantBarredError


@dataclass(frozen=True, slots=True)
class Principal:
    """A key, or a person in one organisation. Exactly one of `key_id` and `person_id` is there."""

    tenant: Tenant
    permissions: frozenset[Permission]
    key_id: str | None = None
    person_id: str | None = None
    session_id: str | None = None
    role: Role | None = None
    standing: Standing = Standing.ACTIVE

    @property
    def actor(self) -> str:
        """As decisions and logs name who it was."""
        return f"{self.as_actor.kind} {self.as_actor.id}"

    @property
    def as_actor(self) -> Actor:
        """As the audit log names who it was."""
        if self.key_id:
            return Actor(kind="key", id=self.key_id)
        return Actor(kind="person", id=str(self.person_id))

    def require(self, permission: Permission) -> None:
        """Go on only with a permission.

        Raises:
            TenantBarredError: the tenant is suspended, closing or closed, and this is not for then.
            ForbiddenError: the principal lacks it.
        """
        if self.standing.barred and permission not in WHILE_BARRED:
            raise TenantBarredError(self.standing)
        if permission in self.permissions:
            return
        if self.role is None:
            raise ForbiddenError(
                f"This API key lacks the scope for '{permission}'.", hint="Use a key that has it."
            )
        raise ForbiddenError(
            f"The role '{self.role}' does not include '{permission}'.",
            hint="An owner or admin of the organisation can give you another role.",
        )


def of_key(record: KeyRecord) -> Principal:
    """The principal that a valid key stands for."""
    return Principal(record.tenant, of_scopes(record.scopes), key_id=record.key_id)
