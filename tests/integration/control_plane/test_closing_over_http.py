"""An owner closes an organisation over the API, looks, and takes it back; nobody else does."""

from __future__ import annotations

from typing import Any


def test_an_owner_closes_looks_and_reopens_and_nobody_else_does(accounts: Any) -> None:
    people = accounts
    person, owner = people.owner()
    made = people.ask("POST", "/v1/keys", owner, json={"scopes": ["usage:read"]}).json()["secret"]
    _, admin = people.join(owner, "admin")
    name = {"confirm": person["tenant_id"]}
    assert people.ask("POST", "/v1/organisation/close", admin["access_token"], json=name).status_code == 403
    assert people.ask("POST", "/v1/organisation/close", owner, json={"confirm": "x"}).status_code == 422
    closing = people.ask("POST", "/v1/organisation/close", owner, json=name)
    assert (closing.status_code, closing.json()["state"]) == (202, "closing")
    refused = people.ask("GET", "/v1/usage/limits", made)
    assert (refused.status_code, refused.json()["code"]) == (403, "tenant_closing")
    assert "reopen" in refused.json()["hint"]
    assert people.ask("GET", "/v1/organisation", owner).status_code == 401
    again = people.log_in(person["email"])["access_token"]
    told = people.ask("GET", "/v1/organisation", again).json()
    assert told["can_reopen"]
    assert "GET /v1/audit/export" in told["offered"]
    assert people.ask("GET", "/v1/audit/export", again).status_code == 200
    kept_out = people.ask("POST", "/v1/keys", again, json={"scopes": ["usage:read"]})
    assert (kept_out.status_code, kept_out.json()["code"]) == (403, "tenant_closing")
    assert people.ask("GET", "/v1/organisation/closure", again).status_code == 404
    assert people.ask("POST", "/v1/organisation/reopen", again).status_code == 200
    assert people.ask("GET", "/v1/usage/limits", made).status_code == 200
