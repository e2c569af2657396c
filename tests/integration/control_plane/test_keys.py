"""Controls 6 and 7: keys that people make, rotate and revoke; and when they were used last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from control_plane.api_keys.uses import store_uses
from recolake.tenancy.api_keys import KeySnapshot
from recolake.tenancy.key_uses import collect


def make(accounts: Any, token: str, **body: Any) -> Any:
    return accounts.ask("POST", "/v1/keys", token, json={"scopes": ["uploads:write"]} | body)


def listed(accounts: Any, token: str) -> dict[str, Any]:
    return {key["key_id"]: key for key in accounts.ask("GET", "/v1/keys", token).json()}


def test_a_person_makes_a_key_with_name_environment_scopes_and_expiry(accounts: Any) -> None:
    _, token = accounts.owner()
    until = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    made = make(accounts, token, name="CI", environment="test", expires_at=until.isoformat())
    assert made.status_code == 201
    key = made.json()
    assert key["secret"].startswith("rk_test_")
    known = listed(accounts, token)[key["key_id"]]
    assert (known["name"], known["environment"], known["scopes"]) == ("CI", "test", ["uploads:write"])
    assert datetime.fromisoformat(known["expires_at"]) == until
    record = KeySnapshot(accounts.settings).authenticate(key["secret"])
    assert (record.environment, record.expires_at) == ("test", until)


def test_a_person_gives_a_key_nothing_that_their_role_lacks(accounts: Any) -> None:
    _, owner = accounts.owner()
    _, tokens = accounts.join(owner, "developer")
    answer = make(accounts, tokens["access_token"], scopes=["uploads:write", "privacy:write"])
    assert (answer.status_code, answer.json()["field"]) == (403, "scopes")
    strong = make(accounts, owner, scopes=["privacy:write"]).json()
    stolen = accounts.ask("POST", f"/v1/keys/{strong['key_id']}/rotate", tokens["access_token"], json={})
    assert stolen.status_code == 403
    assert listed(accounts, owner)[strong["key_id"]]["rotated_to"] is None


@pytest.mark.control(7)
def test_both_keys_are_valid_during_the_grace_and_then_the_new_one_alone(accounts: Any) -> None:
    _, token = accounts.owner()
    old = make(accounts, token, name="CI").json()
    rotated = accounts.ask("POST", f"/v1/keys/{old['key_id']}/rotate", token, json={"grace_seconds": 60})
    assert rotated.status_code == 201
    new = rotated.json()
    assert (new["name"], new["scopes"], new["expires_at"]) == ("CI", ["uploads:write"], None)
    keys, now = KeySnapshot(accounts.settings), datetime.now(UTC)
    assert [bool(keys.lookup(k["secret"], now=now)) for k in (old, new)] == [True, True]
    later = now + timedelta(seconds=61)
    assert [bool(keys.lookup(k["secret"], now=later)) for k in (old, new)] == [False, True]
    assert listed(accounts, token)[old["key_id"]]["rotated_to"] == new["key_id"]


def test_a_rotation_never_makes_a_key_live_longer(accounts: Any) -> None:
    _, token = accounts.owner()
    until = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0).isoformat()
    old = make(accounts, token, expires_at=until).json()
    new = accounts.ask("POST", f"/v1/keys/{old['key_id']}/rotate", token, json={}).json()
    known = listed(accounts, token)
    assert known[old["key_id"]]["expires_at"] == known[new["key_id"]]["expires_at"]


def test_a_key_that_is_over_cannot_be_rotated(accounts: Any) -> None:
    _, token = accounts.owner()
    rotated, revoked = make(accounts, token).json(), make(accounts, token).json()
    assert accounts.ask("DELETE", f"/v1/keys/{revoked['key_id']}", token).status_code == 204
    path = f"/v1/keys/{rotated['key_id']}/rotate"
    assert accounts.ask("POST", path, token, json={"grace_seconds": 0}).status_code == 201
    for key in (rotated, revoked):
        answer = accounts.ask("POST", f"/v1/keys/{key['key_id']}/rotate", token, json={})
        assert (answer.status_code, answer.json()["code"]) == (409, "key_over")


def test_a_key_of_another_organisation_does_not_exist(accounts: Any) -> None:
    _, mine = accounts.owner()
    _, other = accounts.owner()
    foreign = make(accounts, other).json()["key_id"]
    for method, path in (("POST", f"/v1/keys/{foreign}/rotate"), ("DELETE", f"/v1/keys/{foreign}")):
        more = {"json": {}} if method == "POST" else {}
        assert accounts.ask(method, path, mine, **more).status_code == 404
    assert foreign not in listed(accounts, mine)
    assert listed(accounts, other)[foreign]["revoked_at"] is None


@pytest.mark.control(7)
def test_a_revoked_key_is_dead_in_the_data_plane_when_its_snapshot_is_looked_at_next(accounts: Any) -> None:
    """Which is within a second: `tests/unit/tenancy` shows that, by a clock of its own."""
    _, token = accounts.owner()
    key, moment = make(accounts, token).json(), 0.0
    elsewhere = KeySnapshot(accounts.settings, clock=lambda: moment)
    assert elsewhere.lookup(key["secret"])
    assert accounts.ask("DELETE", f"/v1/keys/{key['key_id']}", token).status_code == 204
    moment = 1.0
    assert elsewhere.lookup(key["secret"]) is None


def test_the_last_use_of_a_key_is_noted_in_batches_and_never_goes_back(accounts: Any) -> None:
    _, token = accounts.owner()
    used, idle = make(accounts, token).json(), make(accounts, token).json()
    KeySnapshot(accounts.settings).authenticate(used["secret"])
    before = listed(accounts, token)
    assert before[used["key_id"]]["last_used_at"] is None
    known = store_uses(accounts.settings, {})
    noted = listed(accounts, token)
    assert noted[used["key_id"]]["last_used_at"]
    assert noted[idle["key_id"]]["last_used_at"] is None
    assert store_uses(accounts.settings, known) == known == collect(accounts.settings)
    store_uses(accounts.settings, {})
    assert listed(accounts, token) == noted


def test_an_odd_id_or_name_is_refused_and_breaks_nothing(accounts: Any) -> None:
    _, token = accounts.owner()
    for path in ("keys", "invitations", "sessions"):
        assert accounts.ask("DELETE", f"/v1/{path}/a%00b", token).status_code == 422
    assert accounts.ask("PATCH", "/v1/members/a%00b", token, json={}).status_code == 422
    assert make(accounts, token, name="a\0b").status_code == 422


@pytest.mark.parametrize(
    "body", [{"grace_seconds": -1}, {"grace_seconds": 30 * 86_400 + 1}, {"grace_seconds": "60"}, {"grace": 1}]
)
def test_a_wrong_grace_is_refused(accounts: Any, body: dict[str, Any]) -> None:
    _, token = accounts.owner()
    key = make(accounts, token).json()["key_id"]
    assert accounts.ask("POST", f"/v1/keys/{key}/rotate", token, json=body).status_code == 422
