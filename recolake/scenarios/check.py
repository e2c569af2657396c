"""Whether a scenario could answer: its conditions are understood, and what they ask for exists."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from recolake.errors import ArtifactError, RecolakeError
from recolake.expressions.errors import UnknownAttributeError
from recolake.expressions.nodes import Reference, Scope, references
from recolake.expressions.parser import parse
from recolake.features.names import USER_ATTRIBUTES
from recolake.kinds.kinds import Kind
from recolake.kinds.specs import ListSpec
from recolake.ranking.artifact import ITEMS_FILE
from recolake.ranking.items import Items
from recolake.ranking.pointer import served_manifest, version_folder
from recolake.ranking.rules.prepare import of_field, require_attributes
from recolake.scenarios.document import spec_of
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


class NothingServedError(RecolakeError):
    """Without a model nobody can tell which attributes items have."""

    code = "nothing_served"
    status = 409


def checked(settings: Settings, tenant: Tenant, kind: Kind, defaults: dict[str, Any]) -> ListSpec:
    """The defaults of a scenario, known to work with the model in service.

    `context.name` is not looked for: requests bring it. A scenario that gives it in its own `context`, as
    null say, works also where they do not.

    Raises:
        InvalidInputError: they say what nobody may say of this kind.
        ExpressionError: a condition cannot be understood, or asks for an attribute that there is none of.
        NothingServedError: they ask for attributes of items, and no model is served.
    """
    spec = spec_of(kind, defaults)
    asked: list[tuple[str, Reference]] = []
    for field, text in spec.conditions:
        with _within(field):
            asked += [(field, each) for each in references(parse(text))]
    for field, reference in asked:
        if reference.scope is Scope.USER and reference.name not in USER_ATTRIBUTES:
            known = [f"user.{name}" for name in USER_ATTRIBUTES]
            with _within(field):
                raise UnknownAttributeError(f"user.{reference.name}", reference.position, known)
    of_items = [(field, each) for field, each in asked if each.scope is Scope.ITEM]
    diversity = spec.diversity.attribute if spec.diversity else None
    if not (of_items or spec.fields or diversity):
        return spec
    items = served_items(settings, tenant)
    for field, reference in of_items:
        with _within(field):
            items.table.require(reference.name, reference.position)
    require_attributes(spec.fields, items, "defaults.fields")
    if diversity:
        with _within("diversity.attribute"):
            items.table.require(diversity)
    return spec


def served_items(settings: Settings, tenant: Tenant) -> Items:
    """Items of the served version.

    Raises:
        NothingServedError: there is none, or it is damaged.
    """
    manifest = served_manifest(settings, tenant)
    try:
        if manifest is not None:
            folder = version_folder(settings, tenant, manifest.model_version)
            return Items.from_json((folder / ITEMS_FILE).read_bytes())
    except (OSError, ArtifactError):
        pass
    raise NothingServedError(
        "No model is in service, so nobody can tell which attributes items have.",
        hint="Train and publish a model first, or leave conditions on items out.",
        field="defaults",
    )


def _within(field: str) -> AbstractContextManager[None]:
    return of_field(f"defaults.{field}")
