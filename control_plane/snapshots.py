"""Files by which the data plane knows tenants and keys; they can always be written anew from PostgreSQL."""

from __future__ import annotations

import json
from dataclasses import replace

import structlog
from sqlalchemy import text

from control_plane.api_keys import repository as keys
from control_plane.database import SNAPSHOT_LOCK, Database
from control_plane.lifecycle import repository as lifecycle
from control_plane.plans.current import current_plans
from control_plane.tenants import repository as tenants
from recolake.files import write_atomically
from recolake.limits.plans import plans_snapshot, render_plans
from recolake.moments import Clock, utc_now
from recolake.secrets.secret import SecretExposedError
from recolake.settings import Settings
from recolake.tenancy.api_keys import keys_snapshot, render_snapshot
from recolake.tenancy.context import Tenant
from recolake.tenancy.directory import tenants_snapshot
from recolake.tenancy.pseudonyms import PseudonymKeyError, tenant_key
from recolake.tenancy.standing import Standing

_log = structlog.get_logger(__name__)


def publish(settings: Settings, database: Database, *, now: Clock = utc_now) -> None:
    """Write the snapshots from what is committed now.

    Called after every commit that changes them and at each start, which completes what a killed process left.
    A tenant whose pseudonym key is gone, or lies open, is named in the log; a new key would
    make its people strangers.
    """
    with database.platform() as session:
        # Reading and writing under one lock: an older state can never replace a newer one.
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SNAPSHOT_LOCK})
        lives = lifecycle.standings(session)
        standings = {name: Standing(life.state) for name, life in lives.items()}
        gone = {name for name, life in lives.items() if life.erasing_since is not None}
        # Nobody works any more for those whose data is being erased.
        names = [row.tenant_id for row in tenants.list_all(session) if row.tenant_id not in gone]
        records = {
            digest: replace(record, standing=standings.get(record.tenant.name, Standing.ACTIVE))
            for digest, record in keys.active_records(session).items()
        }
        plans = {
            tenant: plan for tenant, plan in current_plans(session, now()).items() if tenant.name not in gone
        }
        for name in names:
            _check_pseudonym_key(settings, Tenant(name))
        # Tenants first: a key in the snapshot never names a tenant that is not there.
        write_atomically(tenants_snapshot(settings), json.dumps(names).encode(), mode=0o600)
        write_atomically(keys_snapshot(settings), render_snapshot(records), mode=0o600)
        write_atomically(plans_snapshot(settings), render_plans(plans), mode=0o600)


def _check_pseudonym_key(settings: Settings, tenant: Tenant) -> None:
    try:
        tenant_key(settings, tenant)
    except (PseudonymKeyError, SecretExposedError) as error:
        _log.error("pseudonym_key_unavailable", tenant=tenant.name, detail=error.message)
