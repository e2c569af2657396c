"""People who opted out: none of their rows is learnt from, in new trainings and in repeated ones alike."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pyarrow.compute as pc

from recolake.privacy.lists import opted_out
from recolake.privacy.people import person_hash
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import tenant_key

_DIGITS = 12


def without_opted_out(settings: Settings, tenant: Tenant, events: pa.Table) -> pa.Table:
    """The rows of everybody else; `events` has a column `user_id` of pseudonyms.

    Raises:
        PrivacyListError: the list cannot be read; nothing is trained.
    """
    listed = opted_out(settings, tenant)
    known = listed.read()
    if not known:
        return events
    key = tenant_key(settings, tenant)
    people = pc.unique(events["user_id"].combine_chunks())
    out = [p for p in people.to_pylist() if p and person_hash(key, listed.purpose, p) in known]
    return events.filter(pc.invert(pc.is_in(events["user_id"], value_set=pa.array(out, people.type))))


def opt_outs_digest(settings: Settings, tenant: Tenant) -> dict[str, int]:
    """Who is left out, as an input of a training beside the table versions; empty where nobody is."""
    known = opted_out(settings, tenant).read()
    if not known:
        return {}
    digest = hashlib.sha256("\n".join(sorted(known)).encode()).hexdigest()
    return {"privacy.opt_outs": int(digest[:_DIGITS], 16)}
