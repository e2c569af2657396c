"""Begin an experiment, look at its guardrails, end it. Serving follows within about a second."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from recolake.audit.entry import Action, Actor
from recolake.audit.record import recorded
from recolake.errors import NotFoundError, RecolakeError
from recolake.experiments.analysis import Analysis, analyse
from recolake.experiments.document import Experiment, Guardrails, Stopper
from recolake.experiments.guardrails import scaled
from recolake.experiments.outcomes import Outcomes
from recolake.experiments.store import (
    ExperimentDocumentError,
    all_experiments,
    running_experiment,
    write_experiment,
)
from recolake.ranking.artifact import users_checksum
from recolake.ranking.manifest import Manifest
from recolake.ranking.pointer import current_version
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.locks import Work, exclusive


class ExperimentRunsError(RecolakeError):
    """One experiment of a tenant at a time: two would change each other's people."""

    code = "experiment_runs"
    status = 409


def new_experiment(
    tenant: Tenant,
    champion: Manifest,
    challenger: Manifest,
    share: float,
    guardrails: Guardrails | None = None,
) -> Experiment:
    """An experiment of these two models that begins now, with a salt of its own.

    Args:
        share: of the people, who get the challenger; more than 0 and less than 1.
    """
    now = datetime.now(UTC)
    return Experiment(
        experiment_id=f"exp-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}",
        tenant_id=tenant.name,
        salt=secrets.token_hex(16),
        champion=champion.model_version,
        champion_checksum=users_checksum(champion),
        challenger=challenger.model_version,
        challenger_checksum=users_checksum(challenger),
        share=share,
        started_at=now,
        guardrails=guardrails or Guardrails(),
    )


def known_running(settings: Settings, tenant: Tenant) -> Experiment | None:
    """The running experiment; None also where its document is damaged, and all get the champion anyway.

    For those whom a damaged document must not hold up, such as a rollback.
    """
    try:
        return running_experiment(settings, tenant)
    except ExperimentDocumentError:
        return None


def refuse_if_running(settings: Settings, tenant: Tenant) -> None:
    """Let nobody begin a second one.

    Raises:
        ExperimentRunsError: one runs.
        ExperimentDocumentError: nobody can tell.
    """
    running = running_experiment(settings, tenant)
    if running is not None:
        raise ExperimentRunsError(
            f"{running.experiment_id} runs: {running.challenger} against {running.champion}.",
            hint=f"`recolake experiment stop --tenant {tenant}` ends it.",
        )


def begin(settings: Settings, experiment: Experiment, *, by: Actor | None = None) -> None:
    """Let serving split the people.

    Both models' vectors must be online: to see to that is the caller's duty, and to hold the tenant's
    publication lock from then on.

    Raises:
        ExperimentRunsError: another one runs.
    """
    tenant = Tenant(experiment.tenant_id)
    with exclusive(settings, tenant, Work.EXPERIMENT):
        refuse_if_running(settings, tenant)
        details = {"champion": experiment.champion, "challenger": experiment.challenger}
        share = {"share": f"{experiment.share:g}"}
        name = experiment.experiment_id
        with recorded(settings, tenant, Action.EXPERIMENT_STARTED, name, by=by, details=details | share):
            write_experiment(settings, tenant, experiment)


def stop(settings: Settings, tenant: Tenant, by: Stopper, reason: str) -> Experiment:
    """Give everybody the champion again. It needs nothing but this machine's files.

    Raises:
        NotFoundError: none runs.
        ExperimentDocumentError: its document is damaged; serving gives everybody the champion already.
    """
    with exclusive(settings, tenant, Work.EXPERIMENT):
        running = running_experiment(settings, tenant)
        if running is None:
            raise NotFoundError(f"Tenant '{tenant}' runs no experiment.")
        ended = running.ended(datetime.now(UTC), by, reason)
        _write_ended(settings, tenant, ended, by)
    return ended


def stop_one(
    settings: Settings,
    tenant: Tenant,
    experiment_id: str,
    by: Stopper,
    reason: str,
    *,
    actor: Actor | None = None,
) -> Experiment:
    """The same for one experiment, and no other; one that is over stays as it ended.

    Raises:
        NotFoundError: there is none of that id.
        ExperimentDocumentError: a document is damaged.
    """
    with exclusive(settings, tenant, Work.EXPERIMENT):
        found = find(settings, tenant, experiment_id)
        if found.running:
            found = found.ended(datetime.now(UTC), by, reason)
            _write_ended(settings, tenant, found, by, actor)
    return found


def _write_ended(
    settings: Settings, tenant: Tenant, ended: Experiment, by: Stopper, actor: Actor | None = None
) -> None:
    """A guardrail and a publication end experiments of their own accord; else somebody does."""
    who = actor if by is Stopper.PERSON else Actor(kind="system", id=by.value)
    with recorded(settings, tenant, Action.EXPERIMENT_STOPPED, ended.experiment_id, by=who):
        write_experiment(settings, tenant, ended)


def end_if_overtaken(settings: Settings, tenant: Tenant) -> Experiment | None:
    """End a running experiment whose champion is not served any more; gives it, if there was one.

    Serving gives everybody the served model from the moment that the pointer moves; this makes it final.
    """
    running, served = known_running(settings, tenant), current_version(settings, tenant)
    if running is None or served == running.champion:
        return None
    return stop(settings, tenant, Stopper.PUBLICATION, f"{served or 'nothing'} is served now")


def find(settings: Settings, tenant: Tenant, experiment_id: str | None = None) -> Experiment:
    """The experiment of that id; without one, the running one or else the latest.

    Raises:
        NotFoundError: there is none.
    """
    known = all_experiments(settings, tenant)
    for experiment in reversed(known):
        if experiment_id in (None, experiment.experiment_id):
            return experiment
    if experiment_id is None:
        raise NotFoundError(
            f"Tenant '{tenant}' never ran an experiment.", hint="See `recolake experiment start --help`."
        )
    raise NotFoundError(f"Tenant '{tenant}' has no experiment '{experiment_id}'.", field="id")


def check(settings: Settings, experiment: Experiment, outcomes: Outcomes) -> Analysis:
    """Ask the guardrails; a running experiment that does harm is ended, with the reason in its document.

    May be asked as often as one likes: the chance that a harmless challenger is ever stopped stays below
    `Guardrails.alpha`.
    """
    tenant = Tenant(experiment.tenant_id)
    with exclusive(settings, tenant, Work.EXPERIMENT):
        current = running_experiment(settings, tenant)
        if current is None or current.experiment_id != experiment.experiment_id:
            # Over, perhaps since the outcomes were read: nothing more is decided about it.
            return analyse(find(settings, tenant, experiment.experiment_id), outcomes)
        tuned = scaled(current, outcomes)
        found = analyse(tuned, outcomes)
        harm = [verdict.sentence for verdict in found.verdicts if verdict.harmful]
        after = tuned.ended(datetime.now(UTC), Stopper.GUARDRAIL, "; ".join(harm)) if harm else tuned
        if harm:
            _write_ended(settings, tenant, after, Stopper.GUARDRAIL)
        elif after != current:
            write_experiment(settings, tenant, after)
    return analyse(after, outcomes)
