"""Controls 1 and 12 at work: members, roles and invitations; another organisation does not exist."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text, update

from control_plane.auth import declared_permissions
from control_plane.database import open_database
from control_plane.models import InvitationRow
from control_plane.permissions import Role, of_role
from control_plane.plans import service as plans
from control_plane.plans.schemas import PlanTerms
from control_plane.sessions import service as sessions
from recolake.tenancy.context import Tenant

PASSWORD = "correct horse battery staple"


def invite(accounts: Any, token: str, role: str = "developer", **changes: Any) -> Any:
    body = {"email": f"{accounts.new_name()}@example.org", "role": role}
    return accounts.ask("POST", "/v1/invitations", token, json=body | changes)


def accept(accounts: Any, token: str, **changes: Any) -> Any:
    body = {"token": token, "password": PASSWORD, "name": "Bob"}
    return accounts.client.post("/v1/invitations/accept", json=body | changes)


def change(accounts: Any, token: str, person: str, **changes: Any) -> Any:
    return accounts.ask("PATCH", f"/v1/members/{person}", token, json=changes)


@pytest.mark.control(12)
@pytest.mark.parametrize("role", list(Role))
def test_on_every_route_a_person_may_do_what_their_role_says_and_no_more(accounts: Any, role: Role) -> None:
    _, owner = accounts.owner()
    _, tokens = accounts.join(owner, role.value)
    principal = sessions.authenticate(accounts.settings, tokens["access_token"])
    assert (principal.role, principal.permissions) == (role, of_role(role))
    for (method, path), permission in declared_permissions(accounts.client.app).items():
        if permission is not None:
            asked = re.sub(r"\{\w+\}", "abc", path)
            status = accounts.ask(method, asked, tokens["access_token"]).status_code
            assert (status == 403) is (permission not in of_role(role)), (method, path, status)
            assert status != 401


# What other tests ask for with keys of two tenants; a person has no other way to it.
ELSEWHERE = {"upload_id", "file_id", "experiment_id", "request_id", "webhook_id", "event_id", "month", "name"}
BODIES = {"rotate_key": {"grace_seconds": 0}, "change_member": {"role": "analyst"}}


@pytest.mark.control(1)
def test_every_route_about_a_thing_of_another_organisation_answers_that_it_does_not_exist(
    accounts: Any,
) -> None:
    ann, mine = accounts.owner()
    bob, _ = accounts.join(mine, "developer")
    _, rival = accounts.owner()
    made = accounts.ask("POST", "/v1/keys", mine, json={"scopes": ["uploads:write"]}).json()
    session = accounts.ask("GET", "/v1/sessions", mine).json()[0]["session_id"]
    ids = {
        "key_id": made["key_id"],
        "person_id": bob["person_id"],
        "invitation_id": invite(accounts, mine).json()["invitation_id"],
        "tenant_id": ann["tenant_id"],
        # Last, since it logs its owner out.
        "session_id": session,
    }
    paths = accounts.client.get("/openapi.json").json()["paths"]
    named = [
        (name, method.upper(), path, operation["operationId"])
        for path, methods in paths.items()
        for method, operation in methods.items()
        for name in re.findall(r"\{(\w+)\}", path)
    ]
    assert {name for name, *_ in named} == ids.keys() | ELSEWHERE
    for wanted, thing in ids.items():
        for name, method, path, operation in named:
            if name == wanted:
                more = {"json": BODIES[operation]} if operation in BODIES else {}
                own_path = path.replace(f"{{{name}}}", thing)
                foreign = accounts.ask(method, own_path, rival, **more)
                assert foreign.status_code == 404, own_path
                assert accounts.ask(method, own_path, mine, **more).status_code in {200, 201, 204}, own_path


@pytest.mark.control(1)
def test_members_are_listed_and_those_of_another_organisation_do_not_exist(accounts: Any) -> None:
    person, owner = accounts.owner()
    bob, _ = accounts.join(owner, "analyst")
    stranger, _ = accounts.owner()
    listed = accounts.ask("GET", "/v1/members", owner).json()
    assert [(m["email"], m["role"]) for m in listed] == [
        (person["email"], "owner"),
        (bob["email"], "analyst"),
    ]
    foreign = change(accounts, owner, stranger["person_id"], role="admin")
    absent = change(accounts, owner, "per_nobody", role="admin")
    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.json() | {"request_id": ""} == absent.json() | {"request_id": ""}
    assert accounts.ask("GET", f"/v1/tenants/{stranger['tenant_id']}", owner).status_code == 404


def test_an_organisation_always_keeps_an_owner(accounts: Any) -> None:
    person, owner = accounts.owner()
    for body in ({"role": "admin"}, {"disabled": True}):
        answer = change(accounts, owner, person["person_id"], **body)
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    bob, _ = accounts.join(owner, "owner")
    assert change(accounts, owner, bob["person_id"], disabled=True).status_code == 200
    assert change(accounts, owner, person["person_id"], role="admin").status_code == 409


def test_of_two_owners_who_go_at_once_one_stays(accounts: Any) -> None:
    ann, ann_s = accounts.owner()
    bob, bob_s = accounts.join(ann_s, "owner")
    going = [(ann_s, ann["person_id"]), (bob_s["access_token"], bob["person_id"])]
    with ThreadPoolExecutor(2) as pool:
        answers = [a.status_code for a in pool.map(lambda g: change(accounts, *g, role="admin"), going)]
    assert sorted(answers) == [200, 409]


def test_an_admin_neither_makes_an_owner_nor_changes_one(accounts: Any) -> None:
    ann, owner = accounts.owner()
    bob, tokens = accounts.join(owner, "admin")
    admin = tokens["access_token"]
    assert invite(accounts, admin, "owner").status_code == 403
    assert change(accounts, admin, bob["person_id"], role="owner").status_code == 403
    assert change(accounts, admin, ann["person_id"], disabled=True).status_code == 403
    assert invite(accounts, admin, "developer").status_code == 201


def test_an_invitation_is_good_once(accounts: Any) -> None:
    _, owner = accounts.owner()
    token = invite(accounts, owner).json()["token"]
    assert accept(accounts, token).status_code == 200
    again = accept(accounts, token)
    assert (again.status_code, again.json()["code"]) == (410, "invitation_gone")


def test_of_many_who_accept_an_invitation_at_once_one_is_taken_in(accounts: Any) -> None:
    _, owner = accounts.owner()
    token = invite(accounts, owner).json()["token"]
    with ThreadPoolExecutor(4) as pool:
        answers = [answer.status_code for answer in pool.map(lambda _: accept(accounts, token), range(4))]
    assert answers.count(200) == 1
    assert set(answers) <= {200, 401, 410}
    assert len(accounts.ask("GET", "/v1/members", owner).json()) == 2


def test_a_revoked_or_old_invitation_is_worth_nothing(accounts: Any) -> None:
    _, owner = accounts.owner()
    revoked, old = invite(accounts, owner).json(), invite(accounts, owner).json()
    path = f"/v1/invitations/{revoked['invitation_id']}"
    assert accounts.ask("DELETE", path, accounts.owner()[1]).status_code == 404
    assert accounts.ask("DELETE", path, owner).status_code == 204
    with open_database(accounts.settings).platform() as session:
        session.execute(
            update(InvitationRow)
            .where(InvitationRow.invitation_id == old["invitation_id"])
            .values(expires_at=text("now()"))
        )
    for invitation in (revoked, old, {"token": "inv_nonsense"}):
        assert accept(accounts, invitation["token"]).status_code == 410
    listed = accounts.ask("GET", "/v1/invitations", owner)
    assert {i["invitation_id"]: i["state"] for i in listed.json()} == {
        revoked["invitation_id"]: "revoked",
        old["invitation_id"]: "expired",
    }
    assert revoked["token"] not in listed.text


def test_who_is_known_here_joins_with_the_password_that_they_have(accounts: Any) -> None:
    person, _ = accounts.owner()
    second, owner = accounts.owner()
    token = invite(accounts, owner, "analyst", email=person["email"]).json()["token"]
    wrong = accept(accounts, token, password="another long password")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_password")
    joined = accept(accounts, token)
    assert joined.json() == {
        "person_id": person["person_id"],
        "tenant_id": second["tenant_id"],
        "role": "analyst",
    }
    tokens = accounts.log_in(person["email"], second["tenant_id"])
    assert tokens["role"] == "analyst"
    assert accounts.log_in(person["email"], person["tenant_id"])["role"] == "owner"


def test_a_member_who_is_invited_again_keeps_their_role(accounts: Any) -> None:
    person, owner = accounts.owner()
    token = invite(accounts, owner, "read-only", email=person["email"]).json()["token"]
    assert accept(accounts, token).json()["role"] == "owner"


@pytest.mark.control(13)
@pytest.mark.parametrize(
    "changes", [{"role": "king"}, {"days": 0}, {"days": 31}, {"email": "x"}, {"tenant": "other"}]
)
def test_a_wrong_or_unknown_field_is_refused(accounts: Any, changes: dict[str, Any]) -> None:
    _, owner = accounts.owner()
    answer = invite(accounts, owner, **changes)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_another_name_for_people_to_read_leaves_the_identity(accounts: Any) -> None:
    person, owner = accounts.owner()
    other, _ = accounts.owner()
    body = {"organisation_name": "The Shop"}
    assert accounts.ask("PATCH", "/v1/organisation", owner, json=body).status_code == 204
    read = accounts.ask("GET", f"/v1/tenants/{person['tenant_id']}", owner).json()
    assert (read["tenant_id"], read["display_name"]) == (person["tenant_id"], "The Shop")
    token = accounts.log_in(other["email"])["access_token"]
    read = accounts.ask("GET", f"/v1/tenants/{other['tenant_id']}", token).json()
    assert read["display_name"] == ""


def test_where_sign_up_is_closed_people_come_by_invitation_alone(accounts: Any) -> None:
    from fastapi.testclient import TestClient

    from control_plane.app import create_app

    _, owner = accounts.owner()
    closed = accounts.settings.model_copy(update={"sign_up": "closed"})
    with TestClient(create_app(closed), raise_server_exceptions=False) as client:
        name = accounts.new_name()
        body = {"email": f"{name}@example.org", "password": PASSWORD, "name": "Ann", "organisation": name}
        answer = client.post("/v1/people", json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "sign_up_closed")
        more = client.post(
            "/v1/organisations",
            json={"organisation": name},
            headers={"Authorization": f"Bearer {owner}"},
        )
        assert more.status_code == 403
        accounts.client, open_client = client, accounts.client
        try:
            accounts.join(owner, "analyst")
        finally:
            accounts.client = open_client


def seats(accounts: Any, tenant: str, count: int | None) -> None:
    plan = f"seats-{count}"
    plans.put_plan(accounts.settings, plan, plan, PlanTerms(seats=count))
    plans.subscribe(accounts.settings, Tenant(tenant), plan)


def refused(answer: Any) -> bool:
    return answer.status_code == 409 and answer.json()["code"] == "seats_taken"


def test_members_and_open_invitations_take_the_seats_of_the_plan(accounts: Any) -> None:
    ann, owner = accounts.owner()
    seats(accounts, ann["tenant_id"], 2)
    first = invite(accounts, owner).json()
    assert refused(invite(accounts, owner))
    accounts.ask("DELETE", f"/v1/invitations/{first['invitation_id']}", owner)
    second = invite(accounts, owner).json()
    joined = accept(accounts, second["token"])
    assert joined.status_code == 200, joined.text
    assert refused(invite(accounts, owner))
    told = accounts.ask("GET", "/v1/usage/limits", owner).json()
    (quota,) = [each for each in told["quotas"] if each["kind"] == "seats"]
    assert (quota["quota"], quota["used"], quota["remaining"]) == (2, 2, 0)

    bob = joined.json()["person_id"]
    assert change(accounts, owner, bob, disabled=True).status_code == 200
    third = invite(accounts, owner).json()
    assert refused(change(accounts, owner, bob, disabled=False))
    accounts.ask("DELETE", f"/v1/invitations/{third['invitation_id']}", owner)
    assert change(accounts, owner, bob, disabled=False).status_code == 200


def test_with_a_smaller_plan_who_is_in_stays_and_who_was_invited_waits(accounts: Any) -> None:
    ann, owner = accounts.owner()
    bob, _ = accounts.join(owner, "developer")
    asked = invite(accounts, owner).json()
    seats(accounts, ann["tenant_id"], 2)
    assert refused(accept(accounts, asked["token"]))
    members = accounts.ask("GET", "/v1/members", owner).json()
    assert [each["disabled_at"] for each in members] == [None, None]
    assert change(accounts, owner, bob["person_id"], disabled=True).status_code == 200
    assert accept(accounts, asked["token"]).status_code == 200


def test_of_two_who_want_the_last_seat_one_gets_it(accounts: Any) -> None:
    ann, owner = accounts.owner()
    seats(accounts, ann["tenant_id"], 2)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: invite(accounts, owner), range(4)))
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]
