"""Erase people: from every store, then a search for what is left, then a signed certificate (docs/adr/0028).

Who is erased goes on the list of the suppressed first, so that no ingest takes them in again meanwhile.
Killed anywhere, the request stays open and a rerun does everything again: each store's erasure changes
nothing the second time, and what the killed run found is kept for the certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from recolake.audit.entry import Action
from recolake.audit.record import recorded
from recolake.errors import RecolakeError
from recolake.files import private_folder, write_atomically
from recolake.orchestration.airflow import announce
from recolake.orchestration.chain import extra_for
from recolake.privacy.certificate import Certificate, Looked, Scan, Statement, sign
from recolake.privacy.files import own_files, state_roots
from recolake.privacy.lists import opted_out, suppressed
from recolake.privacy.people import People, Purpose
from recolake.privacy.requests import (
    Request,
    State,
    certificate_file,
    closed,
    keep,
)
from recolake.privacy.scan import Found, Needles, scan
from recolake.privacy.stores import Job, Progress, Store, known_stores
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.directory import known_tenants
from recolake.tenancy.locks import Work, exclusive, maintaining, shipping_usage
from recolake.tenancy.pseudonyms import tenant_key
from recolake.transform.run_dbt import dbt_to_oneself
from recolake.uploads.decisions import ingest_lock


class ErasureIncompleteError(RecolakeError):
    """Something still names one of the people, or is of a tenant that left. Running it again may help."""

    code = "erasure_incomplete"


def erase(
    settings: Settings,
    tenant: Tenant,
    request: Request,
    *,
    raw_ids: Iterable[str] = (),
    progress: Progress | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    stores: list[Store] | None = None,
) -> Certificate:
    """Carry out a request for erasure.

    The lake's tables are this erasure's alone while it works on them: ingests of all tenants, builds and
    maintenance wait, and trainings and publications of this tenant. Serving goes on.

    Args:
        raw_ids: the tenant's own ids of the people, where they are known: the search looks for them, too.

    Raises:
        ErasureIncompleteError: a file still names one of the people, although all stores were worked through.
        ServiceUnavailableError: a service that a store needs does not answer; run it again.
        PrivacyListError: the list of the suppressed is damaged; nothing was erased.
    """
    say = progress or (lambda _: None)
    key = tenant_key(settings, tenant)
    people = People(key, frozenset(request.people), frozenset(raw_ids))
    places = stores if stores is not None else known_stores()
    job = Job(settings, tenant, people, request.asked_at, say)
    request = keep(settings, tenant, request.model_copy(update={"state": State.RUNNING, "failure": ""}))
    suppressed(settings, tenant).add(key, people.pseudonyms, request.asked_at)
    try:
        for place in places:
            place.prepare(job)
        with to_oneself(settings, tenant, say):
            for place in places:
                say(f"erasing from {place.name}")
                looked = tuple(place.erase(job))
                request = keep(settings, tenant, _noted(request, looked, job))
            opted_out(settings, tenant).remove(key, people.pseudonyms)
            say("searching what is left")
            found = _search(job)
    except BaseException as error:
        keep(settings, tenant, request.model_copy(update={"failure": f"{type(error).__name__}"}))
        raise
    certificate = _certify(job, request, found, now())
    path = certificate_file(settings, tenant, request.request_id)
    private_folder(path.parent)
    write_atomically(path, certificate.model_dump_json(indent=1).encode())
    if found.hits:
        keep(settings, tenant, request.model_copy(update={"state": State.INCOMPLETE}))
        raise ErasureIncompleteError(
            f"{len(found.hits)} files still name one of the people, "
            f"such as {_shown(settings, found.hits[0])}.",
            hint=f"The certificate {path} lists them. See the runbook on erasure, then run it again.",
        )
    with recorded(settings, tenant, Action.ERASURE_DONE, request.request_id):
        keep(settings, tenant, closed(request, key, now()))
    # Sums over people are made anew by the next build; where there is no scheduler, somebody starts it.
    announce(settings, "bronze", extra_for([tenant.name]))
    return certificate


def _noted(request: Request, looked: tuple[Looked, ...], job: Job) -> Request:
    """What stores found: of a store that was worked through before, the sum of both runs."""
    merged = {each.store: each for each in request.looked}
    for each in looked:
        before = merged.get(each.store)
        merged[each.store] = (
            each if before is None else each.model_copy(update={"found": before.found + each.found})
        )
    retired = tuple(sorted({*request.retired, *job.retired}))
    return request.model_copy(update={"looked": tuple(merged.values()), "retired": retired})


@contextmanager
def to_oneself(settings: Settings, tenant: Tenant, say: Progress) -> Iterator[None]:
    """Every lock under which somebody writes rows, vectors or models of people.

    Those of one tenant in the order of `Work`; ingests before dbt, as whoever builds holds no ingest's.
    """
    everybody = sorted({tenant, *known_tenants(settings)}, key=str)
    with ExitStack() as held:
        held.enter_context(exclusive(settings, tenant, Work.TRAINING, say))
        held.enter_context(exclusive(settings, tenant, Work.MATERIALIZATION, say))
        for each in everybody:
            held.enter_context(exclusive(settings, each, Work.PUBLICATION, say))
        held.enter_context(maintaining(settings))
        for each in everybody:
            held.enter_context(ingest_lock(settings, each))
        held.enter_context(shipping_usage(settings))
        held.enter_context(dbt_to_oneself(settings))
        yield


def _search(job: Job) -> Found:
    """By value, through all that this platform has on the disk; the request itself has to name the people."""
    live = (job.settings.spool_root, job.settings.journal_root)
    but = [own_files(job), job.settings.secrets_root, *live]
    aside = [folder / "unreadable" for folder in live]
    return scan([*state_roots(job.settings), *aside], Needles(job.people.needles()), but)


def _certify(job: Job, request: Request, found: Found, at: datetime) -> Certificate:
    statement = Statement(
        certificate_id=request.request_id,
        tenant_id=job.tenant.name,
        reason=request.reason,
        people=job.people.hashes(Purpose.CERTIFICATE),
        asked_at=request.asked_at,
        completed_at=at,
        stores=list(request.looked),
        retired_models=list(request.retired),
        cut_tables=job.cut,
        scan=Scan(
            files=found.files,
            bytes=found.bytes,
            unreadable=len(found.unreadable),
            hits=[_shown(job.settings, path) for path in found.hits],
        ),
    )
    return sign(job.settings, job.tenant, statement)


def _shown(settings: Settings, path: Path) -> str:
    """A file as a certificate names it: from the state folder on, where it lies there."""
    return str(path.relative_to(settings.home) if path.is_relative_to(settings.home) else path)
