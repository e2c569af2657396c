"""Control 12: who may do what is one table, and every route stands in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from hypothesis import given
from hypothesis import strategies as st

from control_plane.app import create_app
from control_plane.auth import (
    PUBLIC,
    KeyWriter,
    UploadReader,
    declared_permissions,
)
from control_plane.permissions import Permission, Role, missing, of_role, of_scopes
from recolake.settings import PROJECT_ROOT, Settings
from recolake.tenancy.api_keys import Scope
from recolake.web.declared import UndeclaredRouteError

GOLDEN = Path(__file__).with_name("roles.txt")


def matrix(app: FastAPI) -> str:
    """A line a route: method, path, what it asks for, and the roles that have that."""
    lines = []
    for (method, path), permission in sorted(declared_permissions(app).items(), key=lambda i: i[0][::-1]):
        roles = [r.value for r in Role if permission is None or permission in of_role(r)]
        who = "everybody" if permission is None else " ".join(roles)
        lines.append(f"{method:7} {path:45} {permission or 'public':18} {who}")
    return "\n".join(lines) + "\n"


@pytest.mark.control(12)
def test_the_matrix_of_roles_and_routes_is_the_golden_one(tmp_path: Path) -> None:
    """Changed on purpose? Then write it anew: the diff is what a reviewer looks at."""
    assert matrix(create_app(Settings(home=tmp_path))) == GOLDEN.read_text()


@pytest.mark.control(12)
def test_a_route_without_a_permission_stops_the_start() -> None:
    app = FastAPI()

    @app.get("/forgotten")
    def forgotten() -> None: ...

    with pytest.raises(UndeclaredRouteError, match="/forgotten"):
        declared_permissions(app)


@pytest.mark.control(12)
def test_a_route_with_two_permissions_stops_the_start() -> None:
    app = FastAPI()

    @app.get("/torn")
    def torn(one: KeyWriter, other: UploadReader) -> None: ...

    with pytest.raises(UndeclaredRouteError, match="/torn"):
        declared_permissions(app)


def test_a_router_may_declare_for_its_routes() -> None:
    app, router = FastAPI(), APIRouter(dependencies=[PUBLIC])
    router.add_api_route("/open", lambda: None)
    app.include_router(router)
    assert declared_permissions(app) == {("GET", "/open"): None}


def test_every_scope_is_a_permission_of_the_same_name() -> None:
    assert {scope.value for scope in Scope} <= {permission.value for permission in Permission}


@given(st.sets(st.sampled_from(Scope)), st.sets(st.sampled_from(Scope)))
def test_more_scopes_never_allow_less(some: set[Scope], more: set[Scope]) -> None:
    assert of_scopes(some) <= of_scopes(some | more)


@given(st.sets(st.sampled_from(Scope)))
def test_a_key_can_give_what_it_has_and_nothing_of_people(scopes: set[Scope]) -> None:
    held = of_scopes(scopes)
    assert missing(scopes, held) == []
    assert not held & {Permission.SELF, Permission.MEMBERS_WRITE, Permission.TENANT_WRITE}


@given(st.sampled_from(Role), st.sets(st.sampled_from(Scope)))
def test_what_a_person_gives_to_a_key_never_exceeds_their_role(role: Role, scopes: set[Scope]) -> None:
    held = of_role(role)
    given_away = scopes - set(missing(scopes, held))
    assert {Permission(scope.value) for scope in given_away} <= held


def test_an_owner_has_everything_and_nobody_else_has() -> None:
    assert of_role(Role.OWNER) == frozenset(Permission)
    assert all(of_role(role) < frozenset(Permission) for role in Role if role is not Role.OWNER)


def test_the_documentation_tells_of_every_permission() -> None:
    page = (PROJECT_ROOT / "docs" / "reference" / "accounts.md").read_text()
    table = page.partition("## Roles and permissions")[2].partition("## ")[0]
    first = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert {name for cell in first for name in re.findall(r"`([\w:]+)`", cell)} == set(Permission)
