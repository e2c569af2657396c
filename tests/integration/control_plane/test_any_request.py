"""Whatever is sent to the control plane, it answers as its description says, and every error is a problem."""

from __future__ import annotations

from typing import Any

import pytest

from control_plane.api_keys import service as keys
from recolake.tenancy.api_keys import Scope
from recolake.tenancy.context import Tenant


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def known_to(accounts: Any, person: dict[str, str], token: str) -> dict[str, str]:
    """What there is of the person's tenant, by the parameter of the path that names it."""

    def made(path: str, **body: Any) -> Any:
        answer = accounts.ask("POST", path, token, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    key = made("/v1/keys", scopes=["events:write"])["key_id"]
    invitation = made("/v1/invitations", email="bob@example.org", role="analyst")["invitation_id"]
    erasure = made("/v1/privacy/erasures", user_id="ada")["request_id"]
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "9", "Upload-Metadata": "filename YS5jc3Y="}
    file = accounts.client.post("/v1/files", headers=bearer(token) | tus).headers["location"]
    return {
        "key_id": key,
        "invitation_id": invitation,
        "request_id": erasure,
        "file_id": file.rpartition("/")[2],
        "tenant_id": person["tenant_id"],
        "person_id": person["person_id"],
        "month": "2026-03",
        "name": "front-page",
    }


@pytest.mark.control(17)
@pytest.mark.parametrize("caller", ["owner", "key"])
def test_every_answer_is_as_described(caller: str, accounts: Any, ask_anything: Any) -> None:
    """An owner's session, and an API key of every scope; what either may not do is refused as told."""
    person, token = accounts.owner()
    known = known_to(accounts, person, token)
    if caller == "key":
        tenant = Tenant(person["tenant_id"])
        token = keys.create_key(accounts.settings, tenant, list(Scope)).secret
    ask_anything(accounts.client, bearer(token) | {"Tus-Resumable": "1.0.0"}, known)
